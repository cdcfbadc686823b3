package lang

import (
	"os"
	"regexp"
	"testing"
)

// The document has every word of the language.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/signature-language.md")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for w := range fieldTypes {
		words = append(words, w)
	}
	for w := range simpleStatements {
		words = append(words, w)
	}
	for w := range constants {
		words = append(words, w)
	}
	words = append(words, functionNames()...)
	words = append(words, "when", "else", "either", "or", "optional", "repeat", "walk", "within", "pos", "remaining", "size")
	code := regexp.MustCompile("`[^`\n]+`").FindAllString(string(text), -1)
	for _, w := range words {
		word := regexp.MustCompile(`\b` + w + `\b`)
		found := false
		for _, c := range code {
			found = found || word.MatchString(c)
		}
		if !found {
			t.Errorf("%s is not in docs/signature-language.md", w)
		}
	}
}
