package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// keyOf is a public key of Ed25519 that nobody has.
func keyOf(number int) string {
	blob := append([]byte{0, 0, 0, 11}, "ssh-ed25519"...)
	blob = append(blob, 0, 0, 0, 32)
	blob = append(blob, make([]byte, 30)...)
	blob = append(blob, byte(number>>8), byte(number))
	return "ssh-ed25519 " + base64.StdEncoding.EncodeToString(blob)
}

// keys is SSH keys, and on them what all labelled things share: labels, selectors, filters, order, pages.
func keys(c, _ *hcloud.Client) []step {
	var key, other *hcloud.SSHKey
	body := func(name, public string) object { return object{"name": name, "public_key": public} }
	labelled := func(name string, labels any, fields ...string) step {
		return step{name, func(ctx context.Context) (any, error) {
			_, _, err := raw(ctx, c, "PUT", fmt.Sprintf("/ssh_keys/%d", key.ID), object{"labels": labels})
			if len(fields) > 0 {
				return refused(err, 422, "invalid_input", fields...)
			}
			return nil, err
		}}
	}
	selected := func(name, selector, wanted string) step {
		return step{name, func(ctx context.Context) (any, error) {
			found, err := c.SSHKey.AllWithOpts(ctx, hcloud.SSHKeyListOpts{ListOpts: hcloud.ListOpts{LabelSelector: selector}, Sort: []string{"name"}})
			if err != nil {
				return nil, err
			}
			var names []string
			for _, one := range found {
				names = append(names, one.Name)
			}
			return same(object{"names": strings.Join(names, " ")}, object{"names": wanted})
		}}
	}
	names := func(ctx context.Context, sort ...string) string {
		found, err := c.SSHKey.AllWithOpts(ctx, hcloud.SSHKeyListOpts{Sort: sort})
		if err != nil {
			return err.Error()
		}
		var texts []string
		for _, one := range found {
			texts = append(texts, one.Name)
		}
		return strings.Join(texts, " ")
	}
	return []step{
		{"an SSH key is made, with its fingerprint", func(ctx context.Context) (any, error) {
			made, answer, err := c.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "b", PublicKey: publicKey, Labels: map[string]string{"stack": "prod", "tier": "one"}})
			if err != nil {
				return nil, err
			}
			key = made
			return same(object{"status": answer.StatusCode, "name": key.Name, "fingerprint": key.Fingerprint, "key": key.PublicKey, "labels": key.Labels, "created": key.Created.IsZero()},
				object{"status": 201, "name": "b", "fingerprint": "fb:de:94:46:04:89:aa:12:95:be:53:d6:5f:57:b3:c0", "key": publicKey, "labels": object{"stack": "prod", "tier": "one"}, "created": false})
		}},
		{"a second SSH key is made, and both are listed", func(ctx context.Context) (any, error) {
			var err error
			other, _, err = c.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "a", PublicKey: keyOf(1), Labels: map[string]string{"stack": "test"}})
			if err != nil {
				return nil, err
			}
			if _, _, err = c.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "c", PublicKey: keyOf(2)}); err != nil {
				return nil, err
			}
			return same(object{"names": names(ctx), "different": other.ID != key.ID}, object{"names": "b a c", "different": true})
		}},
		refusal(c, "the same key under another name is refused", "POST", "/ssh_keys", body("other", publicKey), 409, "uniqueness_error", "public_key"),
		refusal(c, "another key by the same name is refused", "POST", "/ssh_keys", body("b", keyOf(3)), 409, "uniqueness_error", "name"),
		refusal(c, "what is no key is refused", "POST", "/ssh_keys", body("x", "no key"), 422, "invalid_input", "public_key"),
		refusal(c, "a key whose type is another one's is refused", "POST", "/ssh_keys", body("x", strings.Replace(keyOf(4), "ssh-ed25519", "ssh-rsa", 1)), 422, "invalid_input", "public_key"),
		refusal(c, "a key that is too short is refused", "POST", "/ssh_keys", body("x", "ssh-rsa AAA="), 422, "invalid_input", "public_key"),
		refusal(c, "every fault is told at once", "POST", "/ssh_keys", object{}, 422, "invalid_input", "name", "public_key"),
		refusal(c, "a name that is a number is refused", "POST", "/ssh_keys", object{"name": 7, "public_key": keyOf(5)}, 422, "invalid_input", "name"),
		{"a key is renamed and keeps its labels", func(ctx context.Context) (any, error) {
			seen, answer, err := c.SSHKey.Update(ctx, key, hcloud.SSHKeyUpdateOpts{Name: "d"})
			if err != nil {
				return nil, err
			}
			return same(object{"status": answer.StatusCode, "name": seen.Name, "labels": seen.Labels}, object{"status": 200, "name": "d", "labels": object{"stack": "prod", "tier": "one"}})
		}},
		{"a key may be given the name that it has", func(ctx context.Context) (any, error) {
			_, _, err := c.SSHKey.Update(ctx, key, hcloud.SSHKeyUpdateOpts{Name: "d"})
			return nil, err
		}},
		{"a key is not given another's name", func(ctx context.Context) (any, error) {
			_, _, err := c.SSHKey.Update(ctx, key, hcloud.SSHKeyUpdateOpts{Name: "a"})
			return refused(err, 409, "uniqueness_error", "name")
		}},
		labelled("a reserved prefix is refused", object{"hetzner.cloud/x": "y"}, "labels"),
		labelled("a label's name of 64 characters is refused", object{strings.Repeat("a", 64): "y"}, "labels"),
		labelled("a label's name that ends in a dash is refused", object{"a-": "y"}, "labels"),
		labelled("a label's prefix in capitals is refused", object{"Example.com/x": "y"}, "labels"),
		labelled("a label's prefix of more than 253 characters is refused", object{strings.TrimSuffix(strings.Repeat(strings.Repeat("a", 60)+".", 5), ".") + "/x": "y"}, "labels"),
		labelled("a label's value with a blank is refused", object{"x": "y z"}, "labels"),
		labelled("a label's value that is a number is refused", object{"x": 1}, "labels"),
		labelled("labels that are a list are refused", []string{"x"}, "labels"),
		labelled("a label may have a prefix, 63 characters, and an empty value", object{"example.com/" + strings.Repeat("a", 63): "", "A.b_c-9": "Z.y_x-0"}),
		{"new labels take the place of all", func(ctx context.Context) (any, error) {
			seen, _, err := c.SSHKey.Update(ctx, key, hcloud.SSHKeyUpdateOpts{Labels: map[string]string{"stack": "prod", "tier": "one"}})
			if err != nil {
				return nil, err
			}
			return same(object{"labels": seen.Labels}, object{"labels": object{"stack": "prod", "tier": "one"}})
		}},
		selected("k==v selects", "stack==prod", "d"),
		selected("k=v selects", "stack=prod", "d"),
		selected("k!=v selects those without the key too", "stack!=prod", "a c"),
		selected("k selects what has the key", "stack", "a d"),
		selected("!k selects what has it not", "!stack", "c"),
		selected("k in (a,b) selects", "stack in (prod, test)", "a d"),
		selected("k in (a,b) does not select another value", "stack in (other, prod)", "d"),
		selected("k notin (a,b) selects those without the key too", "stack notin (test,other)", "c d"),
		selected("a comma means and", "stack in (prod,test),tier==one", "d"),
		{"what is no selector is refused", func(ctx context.Context) (any, error) {
			_, err := c.SSHKey.AllWithOpts(ctx, hcloud.SSHKeyListOpts{ListOpts: hcloud.ListOpts{LabelSelector: "a b"}})
			return refused(err, 422, "invalid_input")
		}},
		{"a key is found by its name and by its fingerprint", func(ctx context.Context) (any, error) {
			byName, _, err := c.SSHKey.GetByName(ctx, "a")
			if err != nil {
				return nil, err
			}
			byPrint, _, err := c.SSHKey.GetByFingerprint(ctx, other.Fingerprint)
			if err != nil {
				return nil, err
			}
			none, _, err := c.SSHKey.GetByName(ctx, "nobody")
			if err != nil {
				return nil, err
			}
			return same(object{"name": byName.ID == other.ID, "fingerprint": byPrint.ID == other.ID, "none": none == nil}, object{"name": true, "fingerprint": true, "none": true})
		}},
		{"keys are sorted by name and by id, up and down", func(ctx context.Context) (any, error) {
			return same(object{"name": names(ctx, "name"), "down": names(ctx, "name:desc"), "id": names(ctx, "id:desc"), "up": names(ctx, "id:asc")},
				object{"name": "a c d", "down": "d c a", "id": "c a d", "up": "d a c"})
		}},
		refusal(c, "keys are not sorted by their time", "GET", "/ssh_keys?sort=created", nil, 422, "invalid_input", "sort"),
		refusal(c, "a direction is asc or desc", "GET", "/ssh_keys?sort=name:down", nil, 422, "invalid_input", "sort"),
		{"an unknown parameter is passed over", func(ctx context.Context) (any, error) {
			_, _, err := raw(ctx, c, "GET", "/ssh_keys?nothing=1", nil)
			return nil, err
		}},
		{"a page has 25 unless more are asked for, and says where it stands", func(ctx context.Context) (any, error) {
			for index := range 57 {
				if _, _, err := c.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: fmt.Sprintf("k%02d", index), PublicKey: keyOf(100 + index)}); err != nil {
					return nil, err
				}
			}
			seen := object{}
			for _, page := range []int{1, 2, 3, 4} {
				found, answer, err := c.SSHKey.List(ctx, hcloud.SSHKeyListOpts{ListOpts: hcloud.ListOpts{Page: page}, Sort: []string{"name"}})
				if err != nil {
					return nil, err
				}
				at := answer.Meta.Pagination
				first := ""
				if len(found) > 0 {
					first = found[0].Name
				}
				seen[fmt.Sprint(page)] = []any{len(found), first, at.Page, at.PerPage, at.PreviousPage, at.NextPage, at.LastPage, at.TotalEntries}
			}
			return same(seen, object{
				"1": []any{25, "a", 1, 25, 0, 2, 3, 60}, "2": []any{25, "k22", 2, 25, 1, 3, 3, 60},
				"3": []any{10, "k47", 3, 25, 2, 0, 3, 60}, "4": []any{0, "", 4, 25, 3, 0, 3, 60},
			})
		}},
		{"a page has 50 at the most", func(ctx context.Context) (any, error) {
			found, answer, err := c.SSHKey.List(ctx, hcloud.SSHKeyListOpts{ListOpts: hcloud.ListOpts{PerPage: 100}})
			if err != nil {
				return nil, err
			}
			return same(object{"found": len(found), "page": answer.Meta.Pagination.PerPage}, object{"found": 50, "page": 50})
		}},
		{"pages are walked to their end", func(ctx context.Context) (any, error) {
			all, err := c.SSHKey.All(ctx)
			if err != nil {
				return nil, err
			}
			return same(object{"all": len(all)}, object{"all": 60})
		}},
		refusal(c, "page 0 is refused", "GET", "/ssh_keys?page=0", nil, 422, "invalid_input", "page"),
		refusal(c, "a page's size that is no number is refused", "GET", "/ssh_keys?per_page=x", nil, 422, "invalid_input", "per_page"),
		refusal(c, "a key has no actions to be done", "POST", "/ssh_keys/1/actions/anything", nil, 404, "not_found"),
		{"a key is deleted once", func(ctx context.Context) (any, error) {
			answer, err := c.SSHKey.Delete(ctx, key)
			if err != nil {
				return nil, err
			}
			if answer.StatusCode != 204 {
				return nil, fmt.Errorf("status %d", answer.StatusCode)
			}
			if left, _, err := c.SSHKey.GetByID(ctx, key.ID); left != nil || err != nil {
				return nil, errors.New("it is still there")
			}
			_, err = c.SSHKey.Delete(ctx, key)
			return refused(err, 404, "not_found")
		}},
		{"nothing but PUT changes a key", func(ctx context.Context) (any, error) {
			_, _, err := raw(ctx, c, "PATCH", fmt.Sprintf("/ssh_keys/%d", other.ID), object{})
			return refused(err, 405, "method_not_allowed")
		}},
		{"nothing else is below a key", func(ctx context.Context) (any, error) {
			_, _, err := raw(ctx, c, "GET", fmt.Sprintf("/ssh_keys/%d/more", other.ID), nil)
			return refused(err, 404, "not_found")
		}},
	}
}
