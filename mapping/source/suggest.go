package source

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// DidYouMean returns `did you mean "x"?` for the known word nearest to the
// given one, or "" when none is near.
func DidYouMean(word string, known []string) string {
	nearest := Nearest(word, known)
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", nearest)
}

// Nearest returns the known word that is most like the given one, or "" when
// none is much like it.
func Nearest(word string, known []string) string {
	best, bestDistance := "", min(3, utf8.RuneCountInString(word)/2)+1
	for _, k := range slices.Sorted(slices.Values(known)) {
		if longer := utf8.RuneCountInString(k) - utf8.RuneCountInString(word); max(longer, -longer) >= bestDistance {
			continue
		}
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// OneOf returns `"a", "b" or "c"` for a sentence about what is allowed.
func OneOf(known []string) string { return enumerate(known, "or") }

// AllOf returns `"a", "b" and "c"` for a sentence about all of them.
func AllOf(words []string) string { return enumerate(words, "and") }

func enumerate(words []string, last string) string {
	switch n := len(words); n {
	case 0:
		return "nothing"
	case 1:
		return fmt.Sprintf("%q", words[0])
	default:
		return `"` + strings.Join(words[:n-1], `", "`) + `" ` + last + fmt.Sprintf(" %q", words[n-1])
	}
}

// distance is the number of single-character edits, a swap of neighbours
// counting as one, that make b of a.
func distance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	rows := make([][]int, len(ra)+1)
	for i := range rows {
		rows[i] = make([]int, len(rb)+1)
		rows[i][0] = i
	}
	for j := range rb {
		rows[0][j+1] = j + 1
	}
	for i := 1; i <= len(ra); i++ {
		for j := 1; j <= len(rb); j++ {
			cost := 1
			if ra[i-1] == rb[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && ra[i-1] == rb[j-2] && ra[i-2] == rb[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(ra)][len(rb)]
}
