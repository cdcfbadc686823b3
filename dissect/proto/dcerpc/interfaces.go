package dcerpc

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/sniffid/sniffid/dissect/wire"
)

// interfacesTSV has a line for each interface: UUID, name, source.
//
//go:embed interfaces.tsv
var interfacesTSV string

// interfaces maps interface UUIDs to the names of their layers, read when it is first
// asked for. It is not written to.
var interfaces = sync.OnceValue(func() map[uuid]string { return mustParseInterfaces(interfacesTSV) })

// The interfaces that the package itself has to know.
var (
	ifaceEndpointMapper = mustUUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa") // C706 appendix O
	ifaceConversation   = mustUUID("333a2276-0000-0000-0d00-00809c000000") // C706 appendix P
	ifaceOXIDResolver   = mustUUID("99fcfec4-5260-101b-bbcb-00aa0021347a") // MS-DCOM §1.9
	ifaceActivator      = mustUUID("000001a0-0000-0000-c000-000000000046") // MS-DCOM §1.9
	ifaceActivation     = mustUUID("4d9f4ab8-7d1c-11cf-861e-0020af6e7c57") // MS-DCOM §1.9
	ifaceSpooler        = mustUUID("12345678-1234-abcd-ef00-0123456789ab") // MS-RPRN §1.9
	syntaxNDR64         = mustUUID("71710533-beba-4937-8319-b5dbef9ccc36") // MS-RPCE §2.2.4.12
)

func mustParseInterfaces(tsv string) map[uuid]string {
	m, err := parseInterfaces(tsv)
	if err != nil {
		panic(err)
	}
	return m
}

// parseInterfaces reads the table; '#' starts a comment line.
func parseInterfaces(tsv string) (map[uuid]string, error) {
	m := make(map[uuid]string)
	err := wire.Rows("interfaces.tsv", tsv, 3, func(row []string) error {
		u, err := parseUUID(row[0])
		if err != nil {
			return err
		}
		if _, dup := m[u]; dup {
			return fmt.Errorf("%s is there twice", u)
		}
		m[u] = row[1]
		return nil
	})
	return m, err
}
