import { defined, PodtrustError } from "../../core/base/index.ts";
import { readTextFile } from "../../core/command-line/index.ts";
import { yellow } from "../../core/terminal/index.ts";
import { moment, parseDescription, type VendorRefusal } from "../../rules/judge/index.ts";
import { federatedParties } from "../../rules/oidc/index.ts";
import { type RelyingParty, relyingParty } from "../../stack/parts/relying-parties/index.ts";
import type { CommandContext } from "../context.ts";
import { documentsOf, readToken } from "./facts.ts";
import { printHead, printRules, printVerdict } from "./print.ts";
import { checkTogether, type ExplainOptions, timeOf } from "./typed.ts";

function partyOf(name: string): RelyingParty {
  const party = federatedParties.find((one) => one === name);
  if (party !== undefined) return relyingParty(party);
  throw new PodtrustError("usage", `--for ${name} is no relying party`, {
    next: `Give aws, ${federatedParties.join(", ")}.`,
  });
}

const maxBytes = 1024 * 1024;

/**
 * Says whether a relying party would accept a token for what its own tool describes and, rule by rule, why not. Ends with
 * exit code 3 when it would not. Nothing is asked of the relying party, and nothing of the token's signature is printed.
 */
export async function runExplainFor(context: CommandContext, options: ExplainOptions): Promise<void> {
  const party = partyOf(options.for);
  const { title } = party.limits;
  checkTogether(options);
  const now = timeOf(options.at, context.clock.now());
  const token = await readToken(context, options.token);
  const names = options.described ?? [];
  const descriptions = await Promise.all(
    names.map(async (name) =>
      parseDescription(await readTextFile(context, { option: "--described", name, maxBytes }), name),
    ),
  );
  const explain = await party.rules();
  const { target, reports, notes } = await explain({
    token: token.text,
    jws: token.jws,
    now,
    descriptions,
    serviceAccount: options.serviceAccount,
    documents: (issuer) => documentsOf(context, options, issuer),
  });
  const asked = {
    party: title,
    target: target.join(" "),
    answerLines: ({ code, status, message }: VendorRefusal) => [
      `${title} answers ${code} (${status}): ${message}`,
    ],
  };
  const said = [...token.notes, ...notes];
  const { output } = context;
  printHead(context, target, token.jws.claims, now);
  printVerdict(context, reports, asked);
  printRules(context, reports, asked, options.all === true);
  for (const note of said) output.line(yellow(`note: ${note}`), 2);
  const refusal = reports.find((one) => one.outcome === "refused")?.refusal;
  const { iss, sub, aud } = token.jws.claims;
  output.result({
    accepted: refusal === undefined,
    for: options.for,
    [target[0]]: target[1],
    at: moment(now),
    token: { iss, sub, aud },
    ...defined({ refusal }),
    rules: reports,
    notes: said,
  });
  context.exitCode = refusal === undefined ? 0 : 3;
}
