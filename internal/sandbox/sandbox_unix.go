//go:build unix && !linux

package sandbox

import (
	"fmt"
	"syscall"
)

// enter becomes another user; the other parts are Linux's.
func (s *Sandbox) enter() (Report, error) {
	who, err := s.account.change(func(uid, gid int) error {
		if err := syscall.Setgroups([]int{gid}); err != nil {
			return fmt.Errorf("setgroups: %w", err)
		}
		if err := syscall.Setgid(gid); err != nil {
			return fmt.Errorf("setgid: %w", err)
		}
		if err := syscall.Setuid(uid); err != nil {
			return fmt.Errorf("setuid: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return Report{who}, nil
}
