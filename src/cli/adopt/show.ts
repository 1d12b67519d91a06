import { printNext } from "../../core/command-line/index.ts";
import { bold, dim, green, red, rich, yellow } from "../../core/terminal/index.ts";
import {
  type AdoptionReport,
  type Dependents,
  timeText,
  unasked,
} from "../../control-plane/adoption/index.ts";
import {
  type AccountTrust,
  type AdoptionRefusal,
  type AdoptionStep,
  type OldToken,
  restartsOf,
} from "../../rules/adoption/index.ts";
import { distributions } from "../../rules/distribution/index.ts";
import type { CommandContext } from "../context.ts";

// A cluster has thousands of pods; --json has them all.
const maxShown = 10;

const kinds: Readonly<Record<Exclude<AdoptionStep["kind"], "publish" | "trust" | "wait">, string>> = {
  accept: "accepts the new issuer as well; the old one signs",
  sign: "signs with the new issuer; the old one is accepted",
  hold: "signs with the old issuer again; the new one is accepted",
  retire: "no longer accepts the old issuer",
  restore: "gets its files back, byte for byte if its keys are the former ones",
  "put-back": "gets back its files from before podtrust's last change",
};

const conditions: Readonly<Record<"publish" | "trust" | "wait", string>> = {
  publish: "the documents of the new issuer are seen from outside",
  trust: "AWS has the new issuer, and the roles that trust the old one trust both",
  wait: "no pod holds a token of the issuer that goes",
};

/** A step in words: `cp-1: signs with the new issuer`. */
export function stepText(step: AdoptionStep): string {
  return "server" in step ? `${step.server}: ${kinds[step.kind]}` : conditions[step.kind];
}

function printSteps({ output }: CommandContext, steps: readonly AdoptionStep[]): void {
  for (const [index, step] of steps.entries()) {
    const mark = step.done ? green("✔") : dim("·");
    output.line(rich`${mark} ${String(index + 1).padStart(2)}. ${stepText(step)}`, 6);
    if ("missing" in step)
      for (const one of step.missing) output.line(rich`      ${yellow("waits")}: ${one}`, 13);
    else if (!step.done && step.flags !== undefined)
      output.line(dim(`      --service-account-issuer: ${step.flags.issuers.join(", then ")}`), 8);
  }
}

function printServers({ output }: CommandContext, { servers, distribution }: AdoptionReport): void {
  const title = distribution === undefined ? "" : ` (${distributions[distribution].title})`;
  output.line(bold(`API servers${title}`));
  for (const { name, issuers, audiences, saidBy, notLookedAt } of servers) {
    const only = audiences === undefined ? "" : `; audiences ${audiences.join(", ")}`;
    const by = saidBy === undefined ? "" : " (said by the cluster)";
    output.line(
      `  ${name}: signs as ${issuers[0] ?? "no issuer"}, accepts ${issuers.join(", ")}${only}${by}`,
      4,
    );
    if (notLookedAt !== undefined)
      output.line(
        dim(`    what runs was not looked at: ${notLookedAt}. These are the flags of its next start`),
        6,
      );
  }
}

function printList({ output }: CommandContext, title: string, all: readonly string[]): void {
  if (all.length === 0) return;
  output.line(bold(title));
  for (const one of all.slice(0, maxShown)) output.line(`  ${one}`, 4);
  if (all.length > maxShown) output.line(dim(`  and ${all.length - maxShown} more; --json has them all`));
}

/** Statements for roles that are not this stack's, as their owners add them. */
function printStatements({ output }: CommandContext, accounts: readonly AccountTrust[]): void {
  const others = accounts.flatMap(({ roles }) =>
    roles.filter(({ isOurs, trustsNew }) => !isOurs && !trustsNew),
  );
  if (others.length === 0) return;
  output.line(bold("Roles of others that trust the old issuer: add to their trust policies"));
  for (const { arn, statements } of others) {
    output.line(`  ${arn}`, 4);
    for (const statement of statements) output.line(`    ${JSON.stringify(statement)}`, 6);
  }
}

/** How long an API server was away: `cp-1 was away for 5.6 s at most`. */
export function awayText(server: string, awayMs: number): string {
  return `${server} was away for ${(awayMs / 1000).toFixed(1)} s at most`;
}

function printTokens(context: CommandContext, which: "old" | "new", tokens: readonly OldToken[]): void {
  printList(
    context,
    `Tokens of the ${which} issuer that pods may hold (computed from their starts and volumes)`,
    tokens.map(
      ({ namespace, pod, audience = "the API server", renewedBy, until }) =>
        `${namespace}/${pod}: for ${audience}, its file renewed by ${timeText(renewedBy)}, refused from ${timeText(until)}`,
    ),
  );
}

/** If an API server holds one issuer: which pods cannot use the API from its restart on, and until when. */
function printBreaks(context: CommandContext, { breaks }: AdoptionReport): void {
  printList(
    context,
    "Pods whose tokens the API servers refuse from the restart on",
    breaks.map(
      ({ namespace, pod, renewedBy }) =>
        `${namespace}/${pod}: until its file is renewed, by ${timeText(renewedBy)}; a client that reads it once, until the pod is restarted`,
    ),
  );
}

/** What depends on the former issuer; what pods hold is marked as computed. */
function printDependents(context: CommandContext, dependents: Dependents): void {
  const { oldTokens, legacyTokens, publishers, checkers, legacyTrackedSince } = dependents;
  printTokens(context, "old", oldTokens.tokens);
  const since = legacyTrackedSince === undefined ? "" : ` since ${legacyTrackedSince}`;
  printList(
    context,
    "Tokens in Secrets (they name none of these issuers: API servers still accept them)",
    legacyTokens.map(
      ({ namespace, secret, serviceAccount, kid = "unknown", lastUsed }) =>
        `${namespace}/${secret} of ${serviceAccount}: key ${kid}, ${lastUsed === undefined ? `not used${since}` : `last used ${lastUsed}`}`,
    ),
  );
  printList(
    context,
    "Others that publish an issuer of this cluster",
    publishers.map(
      ({ issuer, servers, differs }) =>
        `${issuer}: served by ${servers.join(", ") || "a server without a name"}${differs ? "; two readings differed: several answer" : ""}. It has to keep running until the old issuer is gone`,
    ),
  );
  printList(
    context,
    "Programs that check the issuer themselves",
    checkers.map(({ product, foundBy, advice }) => `${product} (${foundBy}): ${advice}`),
  );
}

function printInstructions({ output }: CommandContext, { instructions }: AdoptionReport): void {
  for (const { pass, where, lines, next, note } of instructions) {
    output.line(bold(pass ?? "API server"));
    output.line(`  ${where}:`, 2);
    for (const line of lines) output.line(`    ${line}`, 4);
    if (next !== undefined) output.line(`  then: ${next}`, 8);
    if (note !== undefined) output.line(`  note: ${note}`, 8);
  }
}

function printRefusals(context: CommandContext, refusals: readonly AdoptionRefusal[]): void {
  for (const { message, next } of refusals) {
    context.output.line(rich`${red("refused")}: ${message}`, 2);
    printNext(context, context.output, next, { indent: 2 });
  }
}

function printNotes({ output }: CommandContext, notes: readonly string[]): void {
  for (const one of notes) output.line(rich`${yellow("note")}: ${one}`, 6);
}

function printIssuers({ output }: CommandContext, { issuer, old }: AdoptionReport): void {
  output.line(rich`${bold("new issuer")}  ${issuer}`);
  output.line(rich`${bold("old issuer")}  ${old.join(", ") || "none"}`);
  output.line();
}

/** All that is to be known before anything is changed. */
export function printPlan(
  context: CommandContext,
  report: AdoptionReport,
  steps: readonly AdoptionStep[],
): void {
  const { output } = context;
  const { warnings, unseen } = report;
  printIssuers(context, report);
  printServers(context, report);
  output.line();
  printRefusals(context, report.refusals);
  printNotes(context, [...warnings, ...restartsOf(report, steps).notes]);
  printSteps(context, steps);
  printInstructions(context, report);
  output.line();
  printBreaks(context, report);
  printStatements(context, report.accounts);
  printDependents(context, report.dependents);
  printList(context, "Not seen", unseen);
}

function nextOf({ next, finish, old, issuer }: AdoptionReport): string {
  if (next !== undefined) return `Run podtrust adopt run: next, ${stepText(next)}.`;
  const [wait] = finish;
  if (finish.every(({ done }) => done))
    return `${issuer} is the cluster's only issuer: nothing is left to do.`;
  if (wait !== undefined && "missing" in wait && wait.missing.length > 0)
    return `Wait with podtrust adopt finish: ${wait.missing.join("; ")}.`;
  return `No pod holds a token of ${old.join(", ")} any more: podtrust adopt finish removes it.`;
}

/** How far adoption is, and what comes next. */
export function printStatus(context: CommandContext, report: AdoptionReport): void {
  const { output } = context;
  printServers(context, report);
  printRefusals(context, report.refusals);
  printNotes(context, report.warnings);
  printSteps(context, report.steps);
  printNext(context, output, nextOf(report));
}

/** All that is to be known before anything goes back. */
export function printBack(context: CommandContext, report: AdoptionReport): void {
  const { undo, undoRefusals, dependents, unseen } = report;
  printIssuers(context, report);
  printServers(context, report);
  context.output.line();
  printRefusals(context, undoRefusals);
  printNotes(context, [...restartsOf(report, undo).notes, ...report.kept]);
  printSteps(context, undo);
  printTokens(context, "new", dependents.newTokens.tokens);
  printList(context, "Not seen", unseen);
}

/** The state of a cluster that has gone back. */
export function printBackStatus(context: CommandContext, report: AdoptionReport): void {
  printServers(context, report);
  printSteps(context, report.undo);
  printNotes(context, report.kept);
  const but = report.kept.length === 0 ? "" : ", but for its keys";
  printNext(
    context,
    context.output,
    `Every API server runs as before${but}. AWS trusts ${report.issuer} still, as the config has it.`,
  );
}

function printGoingBack(output: CommandContext["output"], server: string): void {
  output.line(`  ${stepText({ kind: "put-back", server, done: false })}; then it is waited for`, 4);
}

/** Which servers go back first, and why. */
export function printStopped({ output }: CommandContext, servers: readonly string[]): void {
  output.line("An API server does not start since podtrust changed its files. Over SSH alone:");
  for (const server of servers) printGoingBack(output, server);
}

/** What is done and what cannot be asked while no API server answers. */
export function printUnasked(context: CommandContext, servers: readonly string[], goesOn: boolean): void {
  const { output } = context;
  const why = goesOn
    ? "This was interrupted before, and continues."
    : "No API server of this cluster answers.";
  output.line(`${why} Over SSH alone:`);
  for (const server of servers) printGoingBack(output, server);
  printList(context, "What cannot be asked", unasked);
}

/** That they answer again, and how to continue. */
export function printPutBack(context: CommandContext, servers: readonly string[]): void {
  const { output } = context;
  for (const server of servers) output.line(`${server} answers again, with its former files.`);
  printNext(
    context,
    output,
    "Run podtrust adopt plan: it says what blocks the failed step. podtrust adopt undo goes back from here.",
  );
}
