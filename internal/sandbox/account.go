package sandbox

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// account is who the process is to become.
type account struct {
	name     string
	uid, gid int
	asked    bool   // by the user of the program
	stay     string // why it does not change; "" if it does
}

// findAccount looks up the account to become; "" stands for what suits the process.
func findAccount(name string) (account, error) {
	root := os.Geteuid() == 0
	a := account{name: name, asked: name != ""}
	switch {
	case !a.asked && os.Geteuid() < 0:
		a.stay = "this system has no accounts to change to"
		return a, nil
	case !a.asked && !root:
		a.stay = "not root, so there is no account to leave"
		return a, nil
	case !a.asked:
		a.name = DefaultUser
	}
	u, err := user.Lookup(a.name)
	if err == nil {
		a.uid, a.gid, err = numbers(u)
	}
	switch {
	case err != nil && a.asked:
		return a, fmt.Errorf("become user %s: %w", a.name, err)
	case err != nil:
		a.stay = err.Error()
	case a.uid == os.Geteuid() && a.uid == os.Getuid():
		a.stay = "it is " + a.name + " already"
	case !root:
		return a, fmt.Errorf("become user %s: only root can", a.name)
	}
	return a, nil
}

func numbers(u *user.User) (uid, gid int, err error) {
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, fmt.Errorf("account %s: %w", u.Username, err)
	}
	if gid, err = strconv.Atoi(u.Gid); err != nil {
		return 0, 0, fmt.Errorf("account %s: %w", u.Username, err)
	}
	return uid, gid, nil
}

// change becomes the account by the calls of the system. It is the part of the report, and the error
// where the account was asked for.
func (a *account) change(call func(uid, gid int) error) (Part, error) {
	p := Part{Name: PartUser}
	if a.stay != "" {
		// To be no root is what the part is for.
		p.InForce, p.Detail = os.Geteuid() > 0, a.stay
		return p, nil
	}
	if err := call(a.uid, a.gid); err != nil {
		if a.asked {
			return p, fmt.Errorf("become user %s: %w", a.name, err)
		}
		p.Detail = fmt.Sprintf("become %s: %v", a.name, err)
		return p, nil
	}
	p.InForce, p.Detail = true, fmt.Sprintf("%s (%d)", a.name, a.uid)
	return p, nil
}
