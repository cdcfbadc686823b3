package lang

// fieldType describes the word that follows a field's name.
type fieldType struct {
	kind  Kind
	typ   Type
	width int
	order Order
	max   int // default of max; 0: takes none
}

// Default bounds, in bytes.
const (
	defaultMax     = 1024
	defaultHeaders = 8192
	defaultRegex   = 512
	// maxMax is the largest max that a layout may ask for.
	maxMax = 64 << 10
)

var fieldTypes = map[string]fieldType{
	"u8":    {kind: Uint, width: 1, order: Big},
	"u16be": {kind: Uint, width: 2, order: Big}, "u16le": {kind: Uint, width: 2, order: Little}, "u16": {kind: Uint, width: 2},
	"u24be": {kind: Uint, width: 3, order: Big}, "u24le": {kind: Uint, width: 3, order: Little}, "u24": {kind: Uint, width: 3},
	"u32be": {kind: Uint, width: 4, order: Big}, "u32le": {kind: Uint, width: 4, order: Little}, "u32": {kind: Uint, width: 4},
	"u48be": {kind: Uint, width: 6, order: Big}, "u48le": {kind: Uint, width: 6, order: Little}, "u48": {kind: Uint, width: 6},
	"u64be": {kind: Uint, width: 8, order: Big}, "u64le": {kind: Uint, width: 8, order: Little}, "u64": {kind: Uint, width: 8},
	"bytes":     {kind: Raw, typ: Bytes},
	"text":      {kind: Text, typ: Bytes},
	"magic":     {kind: Magic, typ: Bytes},
	"zstr":      {kind: ZStr, typ: Bytes, max: defaultMax},
	"line":      {kind: Line, typ: Bytes, max: defaultMax},
	"token":     {kind: Token, typ: Bytes, max: defaultMax},
	"until":     {kind: Until, typ: Bytes, max: defaultMax},
	"dec":       {kind: Dec},
	"hexdigits": {kind: HexDigits},
	"utf16le":   {kind: UTF16, typ: Bytes, max: defaultMax},
	"uuid":      {kind: UUID, typ: Bytes, width: 16},
	"varint":    {kind: VarLEB},
	"ber":       {kind: BER},
	"berint":    {kind: BERInt},
	"berstr":    {kind: BERStr, typ: Bytes},
	"dnsname":   {kind: DNSName, typ: Bytes},
	"nbname":    {kind: NBName, typ: Bytes},
	"ipv4":      {kind: IPv4, typ: Bytes, width: 4},
	"ipv6":      {kind: IPv6, typ: Bytes, width: 16},
	"mac":       {kind: MAC, typ: Bytes, width: 6},
	"regex":     {kind: RegexField, typ: Bytes, max: defaultRegex},
	"headers":   {kind: HeaderLines, typ: Headers, max: defaultHeaders},
}
