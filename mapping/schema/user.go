package schema

import "github.com/qualytics/scim-sidecar/mapping/scim"

// User returns a new copy of the core schema for users (RFC 7643 section 4.1).
func User() *Schema {
	return &Schema{
		ID: scim.SchemaUser, Name: "User", Description: "User Account",
		Attributes: []*Attribute{
			text("userName", "The name by which the user signs in; unique among all users.", required, unique),
			name(),
			text("displayName", "The user's name as shown to people."),
			text("nickName", "The casual way to address the user."),
			reference("profileUrl", "A web page about the user.", []string{"external"}),
			text("title", "The user's title, such as \"Vice President\"."),
			text("userType", "The user's relationship to the organization, such as \"Contractor\"."),
			text("preferredLanguage", "The user's preferred languages, as in an Accept-Language header."),
			text("locale", "Where the user is, for dates, numbers and currencies; a language tag such as \"en-US\"."),
			text("timezone", "The user's time zone in the IANA database, such as \"Europe/Berlin\"."),
			flag("active", "Whether the user may use the service."),
			text("password", "The user's password in clear text; never returned.", secret),
			many("emails", "The user's email addresses.",
				text("value", "The address.", address), []string{"work", "home", "other"}),
			many("phoneNumbers", "The user's phone numbers.",
				text("value", "The number, preferably as a tel URI."),
				[]string{"work", "home", "mobile", "fax", "pager", "other"}),
			many("ims", "The user's instant messaging addresses.",
				text("value", "The address."),
				[]string{"aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"}),
			many("photos", "Pictures of the user.",
				reference("value", "Where the picture is.", []string{"external"}),
				[]string{"photo", "thumbnail"}),
			addresses(),
			groups(),
			many("entitlements", "What the user is entitled to.", text("value", "The entitlement."), nil),
			many("roles", "What the user is, such as \"Administrator\".", text("value", "The role."), nil),
			many("x509Certificates", "Certificates issued to the user.",
				attribute("value", Binary, "The certificate in DER, encoded in base64.", nil), nil),
		},
	}
}

func name() *Attribute {
	return complexOf("name", "The parts of the user's name.", []*Attribute{
		text("formatted", "The whole name, for display."),
		text("familyName", "The family name, or last name."),
		text("givenName", "The given name, or first name."),
		text("middleName", "The middle names."),
		text("honorificPrefix", "What goes before the name, such as \"Dr.\"."),
		text("honorificSuffix", "What goes after the name, such as \"III\"."),
	})
}

func addresses() *Attribute {
	return complexOf("addresses", "The user's postal addresses.", []*Attribute{
		text("formatted", "The whole address, for display or a mailing label."),
		text("streetAddress", "Street, house number, post office box and the like."),
		text("locality", "The city or place."),
		text("region", "The state or region."),
		text("postalCode", "The postal code."),
		text("country", "The country, as a two-letter code of ISO 3166-1."),
		text("type", "A label for what this address is for.", canonical("work", "home", "other")),
		primaryFlag(),
	}, multiValued)
}

func groups() *Attribute {
	return complexOf("groups", "The groups that the user belongs to; changed through the groups.", []*Attribute{
		text("value", "The group's id.", readOnly),
		reference("$ref", "The group's URI.", []string{"User", "Group"}, readOnly),
		text("display", "The group's name.", readOnly),
		text("type", "Whether the membership is direct or through another group.", readOnly, canonical("direct", "indirect")),
	}, multiValued, readOnly)
}

// EnterpriseUser returns a new copy of the enterprise extension of the user
// schema (RFC 7643 section 4.3).
func EnterpriseUser() *Schema {
	return &Schema{
		ID: scim.SchemaEnterpriseUser, Name: "EnterpriseUser", Description: "Enterprise User",
		Attributes: []*Attribute{
			text("employeeNumber", "What the organization identifies the person by."),
			text("costCenter", "The user's cost center."),
			text("organization", "The user's organization."),
			text("division", "The user's division."),
			text("department", "The user's department."),
			complexOf("manager", "The user's manager.", []*Attribute{
				text("value", "The manager's id."),
				reference("$ref", "The manager's URI.", []string{"User"}),
				text("displayName", "The manager's name.", readOnly),
			}),
		},
	}
}
