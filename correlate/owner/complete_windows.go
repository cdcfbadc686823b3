package owner

// systemPID is the process "System", in whose name the kernel holds sockets:
// those of SMB, NetBIOS, HTTP.sys and others. netstat says no more of it either.
const systemPID = kernelPID

// complete adds the modules that a process has loaded, where they are asked for.
// Services belong to sockets, see windowsReader.
func complete(c Config, pid int, o *Owner) {
	if c.Modules && pid != systemPID {
		o.Modules = loadedModules(pid)
	}
}
