import { stat } from "node:fs/promises";
import { isIP } from "node:net";
import { type Environment, hostNameOf, PodtrustError, setting } from "../../core/base/index.ts";
import { parseConnectTo } from "../../core/http/index.ts";
import { isLinkLocal } from "../../issuer/index.ts";
import type { CommandContext } from "../context.ts";
import type { RouteOptions } from "../options/route.ts";

/** What was typed. */
export interface DoctorCommandOptions extends RouteOptions {
  /** The config; podtrust.yaml if it exists, and nothing else was asked for. */
  readonly file?: string;
  /** NAMESPACE/NAME */
  readonly pod?: string;
  /** NAMESPACE/NAME */
  readonly serviceaccount?: string;
  readonly error?: string;
  readonly token?: string;
  readonly logs?: boolean;
  readonly resolver?: string;
  readonly private?: boolean;
  readonly junit?: string;
  readonly bundle?: string;
  readonly offline?: string;
  readonly redact?: boolean;
  readonly azureCli?: boolean;
  readonly failOn: string;
}

/** The config that is read where none is named. */
export const defaultFile = "podtrust.yaml";

/** Whether a stack is meant: by its config, by one of its pods, or because a config is here and nothing else is meant. */
export async function isOfStack(
  context: CommandContext,
  issuer: string | undefined,
  { file, pod, serviceaccount, logs, offline }: DoctorCommandOptions,
): Promise<boolean> {
  if (offline !== undefined) return false;
  const named = [file, pod, serviceaccount].some((one) => one !== undefined) || logs === true;
  if (issuer === undefined)
    return named || (await stat(context.path(defaultFile)).catch(() => false)) !== false;
  if (!named) return false;
  throw new PodtrustError("usage", "an issuer's URL and a stack's config need two runs", {
    next: "Give the URL, or -f with --pod, --serviceaccount and --logs.",
  });
}

/** Whether a text is `ADDRESS`, `[ADDRESS]:PORT` or `ADDRESS:PORT`, as Node's resolver accepts it; throws `usage`. */
export function resolverOf(text: string): string {
  const address = /^\[?([^\]]+?)\]?(?::\d{1,5})?$/u.exec(text)?.[1] ?? "";
  if (isIP(text) !== 0 || isIP(address) !== 0) return text;
  throw new PodtrustError("usage", `--resolver ${text} is no address`, {
    next: "Give an address, such as 1.1.1.1, or one with a port, such as 127.0.0.1:5353.",
  });
}

function checkOffline(issuer: string | undefined, options: DoctorCommandOptions): void {
  const { offline, token, resolver, connectTo, ca, bundle, private: all } = options;
  const asking = {
    "--token": token,
    "--resolver": resolver,
    "--connect-to": connectTo,
    "--ca": ca,
    "--private": all,
  };
  const [named] = Object.entries({ ...asking, "--bundle": bundle }).filter(
    ([, value]) => value !== undefined,
  );
  const beside = issuer === undefined ? named?.[0] : "an issuer";
  if (offline === undefined || beside === undefined) return;
  throw new PodtrustError(
    "usage",
    `--offline judges what a bundle has, and ${beside} has no place beside it`,
    {
      next: "For example: podtrust doctor --offline bundle.json",
    },
  );
}

/** Whether a host is an address of this link alone, as a person types it or a rule leads to it. */
const isOfLink = (host: string): boolean => isIP(host) !== 0 && isLinkLocal(host);

/**
 * Throws `usage` in a job of GitHub's for what would have it ask inner addresses: a pull request may have written the line,
 * and what a runner reaches is nobody's who writes one.
 */
export function checkInJob(env: Environment, issuer: string, options: DoctorCommandOptions): void {
  if (setting(env, "GITHUB_ACTIONS") !== "true") return;
  const led = (options.connectTo ?? []).map((rule) => parseConnectTo(rule).address);
  const asked = [hostNameOf(issuer), ...led].find(isOfLink);
  const what = options.private === true ? "--private" : asked;
  if (what === undefined) return;
  throw new PodtrustError("usage", `${what} is not asked in a job of GitHub Actions`, {
    next: "Run podtrust doctor on a machine of yours.",
  });
}

/** Throws `usage` for options that exclude each other. */
export function checkTogether(issuer: string | undefined, options: DoctorCommandOptions): void {
  const { error, token, junit, bundle, offline } = options;
  checkOffline(issuer, options);
  if (issuer === undefined && error === undefined && offline === undefined) {
    throw new PodtrustError("usage", "doctor needs a config, an issuer's URL or an error's text", {
      next: "For example: podtrust doctor -f podtrust.yaml, or podtrust doctor https://oidc.example.com",
    });
  }
  const needs = Object.entries({ "--token": token, "--junit": junit, "--bundle": bundle });
  const [alone] = needs.filter(([, value]) => value !== undefined);
  if (issuer === undefined && offline === undefined && alone !== undefined) {
    throw new PodtrustError("usage", `${alone[0]} goes with the URL of an issuer`, {
      next: "Give the issuer's URL as well.",
    });
  }
  if (error === "-" && token === "-") {
    throw new PodtrustError("usage", "--error and --token cannot both be standard input", {
      next: "Give one of them as a file or a text.",
    });
  }
}
