package mappingtest

import "slices"

// diff compares texts line by line. Lines that only the first has begin with
// "- ", those that only the second has with "+ ", all others with blanks.
func diff(want, got []string) []string {
	// same[i][j] is how many lines of want[i:] and got[j:] are in both, in order.
	same := make([][]int, len(want)+1)
	for i := range same {
		same[i] = make([]int, len(got)+1)
	}
	for i, w := range slices.Backward(want) {
		for j, g := range slices.Backward(got) {
			if w == g {
				same[i][j] = same[i+1][j+1] + 1
			} else {
				same[i][j] = max(same[i+1][j], same[i][j+1])
			}
		}
	}
	var all []string
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			all = append(all, "  "+want[i])
			i, j = i+1, j+1
		case i < len(want) && (j == len(got) || same[i+1][j] >= same[i][j+1]):
			all = append(all, "- "+want[i])
			i++
		default:
			all = append(all, "+ "+got[j])
			j++
		}
	}
	return all
}
