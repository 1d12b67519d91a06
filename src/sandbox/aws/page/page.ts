import { hostAllowed } from "../../../core/http/index.ts";
import type { Account } from "../state/account.ts";
import type { Decision, Page, PageResponse } from "../wire/service.ts";
import { controlSection } from "./control.ts";
import { decisionsSection, decisionsShown } from "./decisions.ts";
import { html, inline, hashSource } from "../../../core/html/index.ts";
import { providersSection } from "./providers.ts";
import { rolesSection } from "./roles.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";
import { tableSections } from "./tables.ts";
import { clockTime, type PageTable, type View } from "./view.ts";

export interface PageOptions {
  readonly account: Account;
  /** Oldest first. */
  readonly decisions: () => readonly Decision[];
  /** Milliseconds. */
  readonly now: () => number;
  readonly propagationMs: number;
  readonly messageProfile: string;
  readonly issuerCache: string;
  /** What else runs beside the sandbox. */
  readonly tables: () => readonly PageTable[];
  /** The faults that the stand-in cluster's issuer can simulate. */
  readonly issuerFaults: readonly string[];
  /** The address that the sandbox listens on: beside loopback names, the only accepted Host. */
  readonly listen: string;
}

const policy = [
  "default-src 'none'",
  `style-src ${hashSource(style)}`,
  `script-src ${hashSource(script)}`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const headers = {
  "cache-control": "no-store",
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

// A rounded square in the accent's colour; inline, so that nothing is loaded from elsewhere.
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' " +
  "rx='4' fill='%230b5c8a'/%3E%3Cpath d='M4 8.5l3 3 5-6' stroke='%23fff' stroke-width='2' fill='none'/%3E%3C/svg%3E";

function fullPage(view: View): string {
  const { account, propagationMs, messageProfile, issuerCache } = view;
  const sessions = account.sessions.values().filter((session) => session.expires > view.now).length;
  const { markup } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>podtrust sandbox · account ${account.id}</title>
        <link rel="icon" href="${icon}" />
        ${inline("style", style)}
      </head>
      <body>
        <a class="skip" href="#decisions">Skip to the decisions</a>
        <header>
          <h1>podtrust sandbox</h1>
          <p class="lead">
            IAM, STS and SSM Parameter Store for tests on this machine, deciding by the rules that AWS decides
            by.
          </p>
          <p class="notice">
            This is a sandbox, a stand-in. Nothing on this page is AWS, and its credentials are worth nothing
            there.
          </p>
          <dl class="facts">
            <div>
              <dt>Account</dt>
              <dd>${account.id}</dd>
            </div>
            <div>
              <dt>Live sessions</dt>
              <dd>${sessions}</dd>
            </div>
            <div>
              <dt>Parameters</dt>
              <dd>${account.parameters.size}</dd>
            </div>
            <div>
              <dt>IAM propagation delay</dt>
              <dd>${propagationMs / 1000} s</dd>
            </div>
            <div>
              <dt>AWS error texts</dt>
              <dd>${messageProfile}</dd>
            </div>
            <div>
              <dt>Issuer cache</dt>
              <dd>${issuerCache}</dd>
            </div>
          </dl>
          <nav aria-label="On this page">
            <a href="#decisions">Decisions</a> <a href="#providers">OIDC providers</a>
            <a href="#roles">Roles</a> <a href="#control">Control</a>
          </nav>
        </header>
        <main>
          ${decisionsSection(view)} ${providersSection(view)} ${rolesSection(view)} ${tableSections(view)}
          ${controlSection(view)}
        </main>
        <footer>
          <p>
            <span id="said">As of ${clockTime(view.now)} UTC.</span>
            <button id="pause" type="button" aria-pressed="false" hidden>Pause updates</button>
          </p>
          <p>The decisions as JSON: <code>/decisions.json</code></p>
        </footer>
        ${inline("script", script)}
      </body>
    </html> `;
  return markup;
}

function plain(status: number, body: string): PageResponse {
  return { status, headers: { ...headers, "content-type": "text/plain; charset=utf-8" }, body: `${body}\n` };
}

/** The web page at `/`, and the same decisions as JSON at `/decisions.json`. */
export function sandboxPage(options: PageOptions): Page {
  const { account, propagationMs, messageProfile, issuerCache, issuerFaults } = options;
  return ({ path, host }) => {
    if (!hostAllowed(host, options.listen)) {
      return plain(
        421,
        "This page answers only to loopback names and to the address that the sandbox listens on.",
      );
    }
    const decisions = options.decisions();
    if (path === "/decisions.json") {
      const body = JSON.stringify({
        sandbox: true,
        account: account.id,
        decisions: decisions.slice(-decisionsShown),
      });
      return { status: 200, headers: { ...headers, "content-type": "application/json" }, body };
    }
    if (path !== "/") return plain(404, "There is nothing here. The page is at /.");
    const tables = options.tables();
    const view: View = {
      account,
      decisions,
      now: options.now(),
      propagationMs,
      messageProfile,
      issuerCache,
      tables,
      issuerFaults,
    };
    return {
      status: 200,
      headers: { ...headers, "content-type": "text/html; charset=utf-8" },
      body: fullPage(view),
    };
  };
}
