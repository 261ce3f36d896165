package language

// Keys of several ways to read a list.
var (
	firstPage   = Key{Name: "first", What: "the number of the first page", Type: Integer{0, 1}, Default: 1}
	firstObject = Key{Name: "first", What: "the offset of the first object", Type: Integer{0, 1}, Default: 0}
	pageItems   = Key{
		Name: "items", What: "the path of the list in the answer", More: "`.` is an answer that is the list.",
		Type: anyPath, Required: true, Example: `items`,
	}
	pageTotal = Key{
		Name: "total", What: "the path of the number of objects that the whole list has, or several paths to try",
		Type: List{fieldPath}, Example: `[total, total_count]`,
	}
)

// Paging is how a list is read: in one of five ways.
var Paging = &Choice{
	Name: "paging", What: "how lists are read", Section: "Paging",
	Objects: []*Object{
		{Name: "paging by page", What: "pages have numbers", Keys: []Key{
			{Name: "page", What: "the parameter with the number of the page", Type: parameter, Required: true, Example: `page`},
			firstPage, pageSize("size", true), pageMax(true), pageItems, pageTotal,
		}},
		{Name: "paging by offset", What: "a window on the list", Keys: []Key{
			{Name: "offset", What: "the parameter with the number of objects before the page", Type: parameter, Required: true, Example: `offset`},
			firstObject, pageSize("limit", true), pageMax(true), pageItems, pageTotal,
		}},
		{Name: "paging by cursor", What: "each answer holds a token for the next page", Together: []string{"size", "max"}, Keys: []Key{
			{Name: "cursor", What: "the parameter with the token of the page", Type: parameter, Required: true, Example: `cursor`},
			{
				Name: "next", What: "the path of the next cursor in the answer", More: "None, `null` or `\"\"` there is the end.",
				Type: fieldPath, Required: true, Example: `meta.next_cursor`,
			},
			pageSize("size", false), pageMax(false), pageItems, pageTotal,
		}},
		{Name: "paging by link", What: "a `Link` header leads to the next page", Together: []string{"size", "max"}, Keys: []Key{
			{Name: "link", What: "the relation of the link to the next page (RFC 8288)", Type: Text{Words: Words("next")}, Required: true},
			pageSize("size", false), pageMax(false), pageItems, pageTotal,
		}},
		{Name: "no paging", What: "one answer holds the whole list", Keys: []Key{
			{Name: "whole", What: "that one answer holds the whole list", Type: Boolean{OnlyTrue: true}, Required: true},
			pageItems, pageTotal,
		}},
	},
}

func pageSize(name string, required bool) Key {
	return Key{Name: name, What: "the parameter with the number of objects wanted", Type: parameter, Required: required, Example: name}
}

func pageMax(required bool) Key {
	return Key{Name: "max", What: "the largest page that the API gives", Type: Integer{1, 10_000}, Required: required, Example: "100"}
}
