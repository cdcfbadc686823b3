package procfs

// deletedMark is what the kernel appends to the path of a file that is gone
// (d_path in fs/d_path.c).
const deletedMark = " (deleted)"

// linkInode reads the number of "kind:[12345]", the target of the links to
// sockets and namespaces; kind includes the colon.
func linkInode(target []byte, kind string) (uint64, bool) {
	if len(target) < len(kind)+3 || string(target[:len(kind)]) != kind {
		return 0, false
	}
	last := len(target) - 1
	if target[len(kind)] != '[' || target[last] != ']' {
		return 0, false
	}
	return number(target[len(kind)+1 : last])
}
