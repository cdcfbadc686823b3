package main

import (
	"errors"
	"fmt"
	"net/smtp"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

// patience is how long a service may take to start or to stop.
const patience = 20 * time.Second

// install installs this program as a service and starts it.
func install(name, address string) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	m, err := mgr.Connect()
	if err != nil {
		return err
	}
	defer m.Disconnect()
	config := mgr.Config{StartType: mgr.StartManual, DisplayName: "Speaks SMTP for a test"}
	s, err := m.CreateService(name, filepath.Clean(exe), config, "service", name, address)
	if err != nil {
		return fmt.Errorf("create the service: %w", err)
	}
	defer s.Close()
	if err := start(s); err != nil {
		return errors.Join(fmt.Errorf("start the service: %w", err), s.Delete())
	}
	status, err := await(s, svc.Running)
	if err != nil {
		return errors.Join(err, s.Delete())
	}
	ready(int(status.ProcessId), "-")
	return nil
}

// start starts a service, when the service manager has time for it.
func start(s *mgr.Service) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		err := s.Start()
		if !errors.Is(err, windows.ERROR_SERVICE_DATABASE_LOCKED) || time.Now().After(deadline) {
			return err
		}
	}
}

// remove stops a service, deletes it, and looks that it is gone.
func remove(name string) error {
	m, err := mgr.Connect()
	if err != nil {
		return err
	}
	defer m.Disconnect()
	s, err := m.OpenService(name)
	if err != nil {
		return err
	}
	_, err = s.Control(svc.Stop)
	if err == nil {
		var status svc.Status
		status, err = await(s, svc.Stopped)
		if err == nil && (status.Win32ExitCode != 0 || status.ServiceSpecificExitCode != 0) {
			err = fmt.Errorf("the service ended with status %d, %d", status.Win32ExitCode, status.ServiceSpecificExitCode)
		}
	}
	if err := errors.Join(err, s.Delete(), s.Close()); err != nil {
		return err
	}
	if s, err := m.OpenService(name); err == nil {
		s.Close()
		return errors.New("the service was deleted and is still there")
	} else if !errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
		return err
	}
	fmt.Println("removed", name)
	return nil
}

// await waits until a service is in a state.
func await(s *mgr.Service, state svc.State) (svc.Status, error) {
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		status, err := s.Query()
		if err != nil || status.State == state {
			return status, err
		}
		if status.State == svc.Stopped || time.Now().After(deadline) {
			return status, fmt.Errorf("the service is in state %d, not in %d", status.State, state)
		}
	}
}

// service is what the service manager starts.
func service(name, address string) error { return svc.Run(name, speaker(address)) }

// speaker is a service that speaks SMTP to an address, and keeps the connection
// until it is stopped.
type speaker string

// failed is a status of the service's own: it could not speak.
const failed = 1

// Execute implements [svc.Handler].
func (s speaker) Execute(_ []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (bool, uint32) {
	status <- svc.Status{State: svc.StartPending}
	c, err := smtp.Dial(string(s))
	if err == nil {
		defer c.Close()
		err = errors.Join(c.Hello("service.example"), c.Noop())
	}
	if err != nil {
		return true, failed
	}
	status <- svc.Status{State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptShutdown}
	for r := range requests {
		switch r.Cmd {
		case svc.Interrogate:
			status <- r.CurrentStatus
		case svc.Stop, svc.Shutdown:
			status <- svc.Status{State: svc.StopPending}
			if c.Quit() != nil {
				return true, failed
			}
			return false, 0
		}
	}
	return false, 0
}
