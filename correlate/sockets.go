package correlate

import (
	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/owner"
)

// liveTable names the listing that [FromSockets] makes.
const liveTable = "socket table"

// FromSockets makes a listing of a live socket table, so that a port that this
// machine lists as listening is judged like one that a saved listing claims.
func FromSockets(sockets []owner.Socket) *claims.Listing {
	l := &claims.Listing{Name: liveTable, Claims: make([]claims.Claim, len(sockets))}
	for i := range sockets {
		s := &sockets[i]
		l.Claims[i] = claims.Claim{
			Transport: s.Transport, Local: s.Local, Remote: s.Remote, State: s.State,
			PID: s.Owner.PID, Process: s.Owner.Name, Services: s.Owner.Services, User: s.Owner.User,
			NetNS: s.NetNS, Exe: s.Owner.Exe, Unit: s.Owner.Unit, SocketUnit: s.Owner.SocketUnit,
			Container: s.Owner.Container, ContainerName: s.Owner.ContainerName, Reason: string(s.Owner.Reason),
			File: liveTable,
		}
	}
	return l
}

// ToSockets makes a socket table of a listing, for [owner.NewFixed]: offline, a
// listing may name the owners. A row that several processes share names none.
func ToSockets(l *claims.Listing) []owner.Socket {
	if l == nil {
		return nil
	}
	sockets := make([]owner.Socket, len(l.Claims))
	for i := range l.Claims {
		c := &l.Claims[i]
		sockets[i] = owner.Socket{Transport: c.Transport, Local: c.Local, Remote: c.Remote, State: c.State, NetNS: c.NetNS, Owner: claimed(c)}
	}
	return sockets
}
