package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/cloudflare/cloudflare-go"
)

func tokensAndZones(ctx context.Context, api probe, zone *cloudflare.ResourceContainer) []step {
	return []step{
		{"a wrong token is refused", func() (any, error) {
			wrong := client("wrong", 6)
			_, err := wrong.VerifyAPIToken(ctx)
			return wrong.refused(err, 401, 1000)
		}},
		{"a request without a token is refused", func() (any, error) {
			keyed := client("unused", 6)
			keyed.SetAuthType(cloudflare.AuthUserService)
			_, err := keyed.VerifyAPIToken(ctx)
			return keyed.refused(err, 400, 6003)
		}},
		{"a token is verified", func() (any, error) {
			seen, err := api.VerifyAPIToken(ctx)
			if err != nil {
				return nil, err
			}
			return same(map[string]any{"status": seen.Status, "id": len(seen.ID)}, map[string]any{"status": "active", "id": 32})
		}},
		{"every answer tells what is left of the budget", func() (any, error) {
			policy, left := api.header.Get("Ratelimit-Policy"), api.header.Get("Ratelimit")
			var rest, reset int
			if _, err := fmt.Sscanf(left, `"default";r=%d;t=%d`, &rest, &reset); err != nil {
				return nil, fmt.Errorf("Ratelimit is %q: %w", left, err)
			}
			if policy != `"burst";q=1200;w=300` || rest < 1 || rest > 1199 || reset < 1 || reset > 300 {
				return nil, fmt.Errorf("Ratelimit is %q, its policy %q", left, policy)
			}
			if api.header.Get("Retry-After") != "" {
				return nil, errors.New("Retry-After although there was no 429")
			}
			return nil, nil
		}},
		{"a path outside of the API's is refused", func() (any, error) {
			outside := client(os.Getenv("CLOUDFLARE_API_TOKEN"), 6)
			outside.BaseURL = strings.TrimSuffix(outside.BaseURL, "/client/v4")
			_, err := outside.Raw(ctx, http.MethodGet, "/zones", nil, nil)
			return outside.refused(err, 404, 7003)
		}},
		{"an unknown path is refused", func() (any, error) {
			_, err := api.Raw(ctx, http.MethodGet, "/nothing", nil, nil)
			return api.refused(err, 404, 7003)
		}},
		{"a path below a record is refused", func() (any, error) {
			_, err := api.Raw(ctx, http.MethodGet, "/zones/"+zone.Identifier+"/dns_records/one/two", nil, nil)
			return api.refused(err, 404, 7003)
		}},
		{"a zone is found by its name", func() (any, error) {
			id, err := api.ZoneIDByName("Example.COM")
			if err != nil {
				return nil, err
			}
			return same(map[string]any{"length": len(id)}, map[string]any{"length": 32})
		}},
		{"an unknown zone is an empty list", func() (any, error) {
			found, err := api.ListZonesContext(ctx, cloudflare.WithZoneFilters("elsewhere.example", "", ""))
			if err != nil {
				return nil, err
			}
			return same(map[string]any{"found": len(found.Result)}, map[string]any{"found": 0})
		}},
		{"pages of zones are walked to their end", func() (any, error) {
			all, err := api.ListZones(ctx)
			if err != nil {
				return nil, err
			}
			different := map[string]bool{}
			for _, one := range all {
				different[one.Name] = true
			}
			return same(map[string]any{"all": len(all), "different": len(different)}, map[string]any{"all": 60, "different": 60})
		}},
		{"a zone's details are read", func() (any, error) {
			seen, err := api.ZoneDetails(ctx, zone.Identifier)
			if err != nil {
				return nil, err
			}
			return same(
				map[string]any{"id": seen.ID == zone.Identifier, "name": seen.Name, "status": seen.Status, "paused": seen.Paused, "type": seen.Type, "plan": seen.Plan.LegacyID, "servers": len(seen.NameServers), "rights": strings.Join(seen.Permissions, " ")},
				map[string]any{"id": true, "name": "example.com", "status": "active", "paused": false, "type": "full", "plan": "free", "servers": 2, "rights": "#dns_records:edit #dns_records:read #zone:read"})
		}},
		{"a zone that nobody may use says so", func() (any, error) {
			seen, err := api.ZoneDetails(ctx, zoneOf(api, "moved.example").Identifier)
			if err != nil {
				return nil, err
			}
			return same(map[string]any{"status": seen.Status, "paused": seen.Paused, "type": seen.Type}, map[string]any{"status": "moved", "paused": true, "type": "partial"})
		}},
		{"what is no zone's id is not routed", func() (any, error) {
			_, err := api.ZoneDetails(ctx, "no-id")
			return api.refused(err, 404, 7003)
		}},
		{"another's zone is refused", func() (any, error) {
			_, err := api.ZoneDetails(ctx, strings.Repeat("0", 32))
			return api.refused(err, 403, 10000)
		}},
		{"a zone is not made or changed", func() (any, error) {
			_, err := api.Raw(ctx, http.MethodDelete, "/zones/"+zone.Identifier, nil, nil)
			return api.refused(err, 405, 10405)
		}},
		{"all records are not deleted at once", func() (any, error) {
			_, err := api.Raw(ctx, http.MethodDelete, "/zones/"+zone.Identifier+"/dns_records", nil, nil)
			return api.refused(err, 405, 10405)
		}},
		{"what is no JSON is refused", func() (any, error) {
			_, err := api.Raw(ctx, http.MethodPost, "/zones/"+zone.Identifier+"/dns_records", []byte("{"), nil)
			return api.refused(err, 400, 9207)
		}},
		{"a body that is a list is refused", func() (any, error) {
			_, err := api.Raw(ctx, http.MethodPost, "/zones/"+zone.Identifier+"/dns_records", []byte("[]"), nil)
			return api.refused(err, 400, 9207)
		}},
	}
}
