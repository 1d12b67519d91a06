import { sameSecret } from "../listener/index.ts";
import type { ApiCall, ApiReply } from "./call.ts";
import { exchangeRefusal } from "./refusal.ts";

/** Seconds; the administrator's token stays valid after that. */
const lifetime = 3599;

const clientId = "podtrust-sandbox";

/** A user login as gcloud stores it in a file (AIP-4113): the administrator's. `url` is the stand-in's. */
export function adminLogin(url: string, secret: string): object {
  return {
    type: "authorized_user",
    client_id: clientId,
    client_secret: secret,
    refresh_token: secret,
    token_uri: `${url}/token`,
  };
}

/** `POST /token` of Google's OAuth 2.0: a refresh token for an access token (RFC 6749 §6). It knows one login. */
export function refreshLogin(call: ApiCall): ApiReply {
  const form = new URLSearchParams(call.text());
  const { admin } = call.project.tokens;
  const rule = "admin-login";
  const grant = form.get("grant_type") ?? "";
  if (grant !== "refresh_token")
    throw exchangeRefusal(
      { status: 400, code: "unsupported_grant_type" },
      `Invalid grant_type: ${grant.slice(0, 200)}`,
      {
        rule,
        why: "this stand-in takes a refresh token alone",
      },
    );
  if (!sameSecret(form.get("refresh_token") ?? "", admin))
    throw exchangeRefusal({ status: 400, code: "invalid_grant" }, "Bad Request", {
      rule,
      why: "the refresh token is not the administrator's",
      next: "Take the file of the stand-in's adminFile.",
    });
  call.trail.who = "admin";
  call.trail.rule = rule;
  return {
    status: 200,
    body: {
      access_token: admin,
      expires_in: lifetime,
      scope: "https://www.googleapis.com/auth/cloud-platform",
      token_type: "Bearer",
    },
  };
}
