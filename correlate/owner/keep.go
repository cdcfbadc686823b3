package owner

// Keeper makes lasting copies of owners. Those that are nothing but a reason, as those
// of most flows are, are one copy. The zero value is ready; it is not safe for
// concurrent use.
type Keeper struct{ reasons map[Reason]*Owner }

// Keep returns a copy of o, which is shared and must not be changed.
func (k *Keeper) Keep(o *Owner) *Owner {
	if !o.Bare() {
		kept := *o
		return &kept
	}
	kept := k.reasons[o.Reason]
	if kept == nil {
		if k.reasons == nil {
			k.reasons = map[Reason]*Owner{}
		}
		kept = &Owner{Reason: o.Reason}
		k.reasons[o.Reason] = kept
	}
	return kept
}
