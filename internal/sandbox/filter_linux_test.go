package sandbox

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// ask lets a filter decide about a call. The machine of the test reads big-endian
// words, whatever the processor does.
func ask(t *testing.T, vm *bpf.VM, info *arch.Info, number int, args ...uint64) uint32 {
	t.Helper()
	data := make([]byte, 64)
	binary.BigEndian.PutUint32(data[offsetNumber:], uint32(number))
	binary.BigEndian.PutUint32(data[offsetArch:], uint32(info.ID))
	for i, a := range args {
		binary.BigEndian.PutUint32(data[low(i):], uint32(a))
		binary.BigEndian.PutUint32(data[high(i):], uint32(a>>32))
	}
	answer, err := vm.Run(data)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(answer)
}

const testPID = 4711

func machine(t *testing.T, info *arch.Info) *bpf.VM {
	t.Helper()
	program, _ := newFilter(info, testPID)
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

func TestFilter(t *testing.T) {
	for _, c := range []struct {
		name string
		args []uint64
		want uint32
	}{
		{"read", nil, answerAllow},
		{"futex", nil, answerAllow},
		{"openat", nil, answerDeny},
		{"socket", nil, answerDeny},
		{"connect", nil, answerDeny},
		{"sendto", nil, answerDeny},
		{"unlink", nil, answerDeny},
		{"kill", []uint64{testPID}, answerDeny},
		{"newfstatat", nil, answerDeny},
		{"execve", nil, answerKill},
		{"ptrace", nil, answerKill},
		{"bpf", nil, answerKill},
		{"clone3", nil, answerAbsent},
		{"mmap", []uint64{0, 4096, unix.PROT_READ | unix.PROT_WRITE}, answerAllow},
		{"mmap", []uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC}, answerDeny},
		{"mprotect", []uint64{0, 4096, unix.PROT_EXEC}, answerDeny},
		{"mprotect", []uint64{0, 4096, 1<<32 | unix.PROT_EXEC}, answerDeny},
		{"clone", []uint64{threadFlags | unix.CLONE_SETTLS}, answerAllow},
		{"clone", []uint64{unix.CLONE_VM | unix.CLONE_SIGHAND}, answerDeny},
		{"clone", []uint64{uint64(unix.SIGCHLD)}, answerDeny},
		{"clone", []uint64{threadFlags | unix.CLONE_NEWNET}, answerDeny},
		{"tgkill", []uint64{testPID}, answerAllow},
		{"tgkill", []uint64{testPID + 1}, answerDeny},
		{"ioctl", []uint64{1, unix.TCGETS}, answerAllow},
		{"ioctl", []uint64{1, unix.SIOCGIFFLAGS}, answerAllow},
		{"ioctl", []uint64{1, unix.TIOCSTI}, answerDeny},
		{"setsockopt", []uint64{1, unix.SOL_PACKET}, answerAllow},
		{"setsockopt", []uint64{1, unix.SOL_SOCKET}, answerDeny},
		{"prctl", []uint64{unix.PR_SET_NAME}, answerAllow},
		{"prctl", []uint64{unix.PR_SET_DUMPABLE}, answerDeny},
		{"prlimit64", []uint64{0, unix.RLIMIT_NOFILE, 0}, answerAllow},
		{"prlimit64", []uint64{0, unix.RLIMIT_NOFILE, 1 << 40}, answerDeny},
	} {
		for _, info := range []*arch.Info{arch.X86_64, arch.AARCH64} {
			number, there := info.SyscallNames[c.name]
			if !there {
				continue
			}
			if got := ask(t, machine(t, info), info, number, c.args...); got != c.want {
				t.Errorf("%s: %s%x: %#x, want %#x", info.Name, c.name, c.args, got, c.want)
			}
		}
	}
}

// An argument is not taken for the number of a call: whatever the arguments of a call
// that is allowed with some only, it is not allowed as another one.
func TestFilterArguments(t *testing.T) {
	info := arch.X86_64
	vm := machine(t, info)
	for number := range uint64(512) {
		for _, second := range []uint64{0, unix.SOL_PACKET, unix.TCGETS} {
			bad := number | unix.PROT_EXEC
			if got := ask(t, vm, info, info.SyscallNames["mmap"], testPID, second, bad); got == answerAllow {
				t.Fatalf("mmap with protection %#x is allowed", bad)
			}
			if got := ask(t, vm, info, info.SyscallNames["prctl"], number+1000, second, 0); got == answerAllow {
				t.Fatalf("prctl %d is allowed", number+1000)
			}
		}
	}
}

func TestFilterABI(t *testing.T) {
	info := arch.X86_64
	vm := machine(t, info)
	if got := ask(t, vm, arch.I386, info.SyscallNames["read"]); got != answerDeny {
		t.Errorf("a call of the 32-bit ABI: %#x", got)
	}
	if got := ask(t, vm, info, arch.X32.SeccompMask|info.SyscallNames["read"]); got != answerDeny {
		t.Errorf("a call of the x32 ABI: %#x", got)
	}
}

// Every architecture whose numbers are known has what the runtime can't do without, and no call
// has two answers.
func TestLists(t *testing.T) {
	for _, name := range []string{"amd64", "arm64", "386", "arm"} {
		info, err := arch.GetInfo(name)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, call := range []string{"read", "write", "close", "futex", "madvise", "munmap", "rt_sigreturn", "exit_group", "getrandom", "clone"} {
			number, there := info.SyscallNames[call]
			if !there {
				t.Errorf("%s has no %s", name, call)
				continue
			}
			if got := ask(t, machine(t, info), info, number, threadFlags); got != answerAllow {
				t.Errorf("%s: %s: %#x", name, call, got)
			}
		}
	}
	all := slices.Concat(allowedCalls(), deadlyCalls(), []string{"clone3"})
	for _, r := range rules(1) {
		all = append(all, r.name)
	}
	slices.Sort(all)
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] {
			t.Errorf("%s is there twice", all[i])
		}
	}
}
