package schema

// The functions below make attribute definitions with the characteristics that
// most of RFC 7643's attributes have; the few that differ are passed options.

type option func(*Attribute)

func text(name, description string, opts ...option) *Attribute {
	return attribute(name, String, description, opts)
}

func flag(name, description string, opts ...option) *Attribute {
	return attribute(name, Boolean, description, opts)
}

func number(name, description string, opts ...option) *Attribute {
	return attribute(name, Integer, description, opts)
}

func moment(name, description string, opts ...option) *Attribute {
	return attribute(name, DateTime, description, opts)
}

// reference is caseExact, as RFC 7643 section 2.3.7 demands of all references.
func reference(name, description string, types []string, opts ...option) *Attribute {
	a := attribute(name, Reference, description, opts)
	a.ReferenceTypes = types
	a.CaseExact = true
	return a
}

func complexOf(name, description string, subs []*Attribute, opts ...option) *Attribute {
	a := attribute(name, Complex, description, opts)
	a.SubAttributes = subs
	return a
}

// many makes a multi-valued complex attribute with the usual sub-attributes of
// RFC 7643 section 2.4 around the given value.
func many(name, description string, value *Attribute, types []string) *Attribute {
	subs := []*Attribute{
		value,
		text("display", "A name of this value to show to people."),
		text("type", "A label for what this value is for.", canonical(types...)),
		primaryFlag(),
	}
	return complexOf(name, description, subs, multiValued)
}

func primaryFlag() *Attribute {
	return flag("primary", "Whether this is the preferred value; true for at most one.")
}

func attribute(name string, typ Type, description string, opts []option) *Attribute {
	a := &Attribute{
		Name: name, Type: typ, Description: description,
		Mutability: ReadWrite, Returned: ReturnedDefault, Uniqueness: UniqueNone,
	}
	if typ == Binary {
		a.CaseExact = true
	}
	for _, o := range opts {
		o(a)
	}
	return a
}

func multiValued(a *Attribute) { a.MultiValued = true }
func required(a *Attribute)    { a.Required = true }
func caseExact(a *Attribute)   { a.CaseExact = true }
func readOnly(a *Attribute)    { a.Mutability = ReadOnly }
func immutable(a *Attribute)   { a.Mutability = Immutable }
func address(a *Attribute)     { a.Address = true }
func unique(a *Attribute)      { a.Uniqueness = UniqueServer }
func always(a *Attribute)      { a.Returned = ReturnedAlways }

func secret(a *Attribute) {
	a.Mutability = WriteOnly
	a.Returned = ReturnedNever
}

func canonical(values ...string) option {
	return func(a *Attribute) { a.CanonicalValues = values }
}
