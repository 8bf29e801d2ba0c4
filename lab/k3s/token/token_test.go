package token

import (
	"strings"
	"testing"
)

const authority = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"

func TestEachFormIsRead(t *testing.T) {
	hash := Hash([]byte(authority))
	for text, wanted := range map[string]Token{
		"sekrit":                          {Password: "sekrit"},
		"K10" + hash + "::server:se:krit": {CAHash: hash, User: "server", Password: "se:krit"},
		"K10" + hash + "::abcdef.0123456789abcdef\n":                   {CAHash: hash, BootstrapID: "abcdef", BootstrapSecret: "0123456789abcdef"},
		"abcdef.0123456789abcdef":                                      {BootstrapID: "abcdef", BootstrapSecret: "0123456789abcdef"},
		Full([]byte(authority), NodeUser, "pw"):                        {CAHash: hash, User: "node", Password: "pw"},
		FullBootstrap([]byte(authority), "a1b2c3", "0123456789abcdef"): {CAHash: hash, BootstrapID: "a1b2c3", BootstrapSecret: "0123456789abcdef"},
	} {
		found, err := Parse(text)
		if err != nil || found != wanted {
			t.Errorf("%q is read as %+v, %v", text, found, err)
		}
	}
}

func TestAMistakeIsSaidInK3sWords(t *testing.T) {
	for text, wanted := range map[string]string{
		"":                 "required",
		"K10abc::server:x": "invalid token CA hash length",
		"K10" + strings.Repeat("0", 64) + "::server": "invalid token format",
		"K10whatever": "invalid token format",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAShortTokenIsOfTheUserThatItIsUsedAs(t *testing.T) {
	for text, wanted := range map[string]string{
		"sekrit":                               NodeUser,
		Full([]byte(authority), "server", "x"): ServerUser,
		"abcdef.0123456789abcdef":              "",
	} {
		if found, err := ParseAs(text, NodeUser); err != nil || found.User != wanted {
			t.Errorf("%q is of %q, %v", text, found.User, err)
		}
	}
}

func TestAnotherAuthorityIsRefused(t *testing.T) {
	held, err := Parse(Full([]byte("another"), ServerUser, "x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := held.Check([]byte(authority)); err == nil ||
		!strings.Contains(err.Error(), "does not match the Cluster CA certificate hash") {
		t.Error(err)
	}
	if err := held.Check([]byte("another")); err != nil {
		t.Error(err)
	}
}

func TestNewTokensHaveTheForm(t *testing.T) {
	id, secret := RandomBootstrap()
	if found, err := Parse(id + "." + secret); err != nil || !found.Bootstrap() {
		t.Errorf("%s.%s: %v", id, secret, err)
	}
	if again, _ := RandomBootstrap(); again == id {
		t.Errorf("%s twice", id)
	}
}
