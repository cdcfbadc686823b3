package live

import "time"

// pollInterfaces calls changed once a second until stop is closed.
func pollInterfaces(stop <-chan struct{}, changed func()) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			changed()
		}
	}
}
