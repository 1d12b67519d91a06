/**
 * A rule for oxlint: who asks a clock for the time of day stands in a list. A time of day jumps, and so does every wait
 * that is counted by it: `Clock.elapsed()` says how long something has lasted.
 *
 * The list is of what has to do with dates: those that others wrote (tokens, certificates, records of other processes,
 * a cloud's offers), those that we write for others, and those that a person reads. `test/gate/time-rules.test.ts`
 * fails on an entry that asks for no time of day.
 */
import { lastName, memberOf, takenBy, usesOf } from "./members.ts";
import { type Node, type RuleContext, sourcePath } from "./rule.ts";

/** Files that may ask for the time of day; no folder, in which any new file might. */
export const timeOfDay: readonly string[] = [
  // Where it comes from.
  "src/core/base/clock.ts",
  // Dates of locks, leases and Events, which other processes read and write.
  "src/core/files/lock.ts",
  "src/providers/backup-bucket/put.ts",
  "src/providers/kubernetes/event-recorder.ts",
  "src/providers/kubernetes/lease.ts",
  // What a person or a program of theirs reads: log lines, the time that a token has left, since when something fails.
  "src/backup/publisher-file.ts",
  "src/backup/schedule.ts",
  "src/cli/serve/backups.ts",
  "src/cli/backup/command.ts",
  "src/cli/backup/signing.ts",
  "src/cli/explain/command.ts",
  "src/cli/explain/print.ts",
  "src/cli/explain/relying-party.ts",
  "src/cli/operator/status.ts",
  "src/cli/plan/command.ts",
  "src/cli/rotate/lockdown.ts",
  "src/cli/rotate/by-word.ts",
  "src/cli/rotate/moves.ts",
  "src/cli/rotate/run.ts",
  "src/cli/signer/publication.ts",
  "src/cli/signer/running.ts",
  "src/cli/test/command.ts",
  "src/cli/token/command.ts",
  "src/operator/controller/runner.ts",
  "src/core/terminal/log.ts",
  "src/demo/tokens.ts",
  "src/demo/workload.ts",
  "src/operator/canary.ts",
  "src/operator/operator.ts",
  "src/operator/paced-events.ts",
  "src/providers/kubernetes/watch/mirror.ts",
  "src/publisher/admin/samples.ts",
  "src/publisher/configs/certificates.ts",
  "src/publisher/publisher.ts",
  "src/doctor/gather.ts",
  "src/control-plane/adoption/gather.ts",
  "src/stack/status/gather/index.ts",
  // The Date of an answer.
  "src/publisher/serving/http-date.ts",
  // Dates of objects, tokens and credentials: the cluster's, the plugin's and AWS's.
  "src/operator/finder/finder.ts",
  "src/providers/aws/role-resource.ts",
  "src/providers/kubernetes/exec-plugin.ts",
  "src/publisher/token-file/renew.ts",
  "src/publisher/source/token-renewal.ts",
  "src/operator/bindings/account/account.ts",
  "src/operator/bindings/engine/second-pass.ts",
  "src/operator/bindings/engine/widen.ts",
  "src/operator/bindings/making.ts",
  "src/operator/bindings/prove.ts",
  "src/operator/bindings/status.ts",
  "src/operator/bindings/trust-pass.ts",
  "src/stack/parts/aws/part.ts",
  "src/stack/parts/azure/closing.ts",
  "src/stack/parts/gcp/closing.ts",
  "src/stack/test/stack-test.ts",
  "src/stack/workload/preflight.ts",
  // Terms of certificates, a CA's Retry-After dates, and how far its clock is from ours.
  "src/operator/webhook/keeper.ts",
  "src/providers/acme/account.ts",
  "src/providers/acme/client.ts",
  "src/providers/acme/obtain.ts",
  "src/providers/acme/session.ts",
  "src/providers/tls/backoff.ts",
  "src/providers/tls/certificate-manager.ts",
  "src/providers/tls/foreign/foreign-certificate.ts",
  "src/providers/tls/info-watch.ts",
  "src/providers/tls/issuing.ts",
  "src/providers/tls/keeping.ts",
  // When a provider stops selling something; how far a machine's clock is from ours.
  "src/providers/hetzner/offers.ts",
  "src/stack/parts/hetzner/preflight.ts",
  "src/providers/host/system/apply.ts",
  // Since when a key was seen, as it is stored and shared between publishers.
  "src/publisher/bucket/once.ts",
  "src/publisher/publication/loop.ts",
  "src/publisher/issuer.ts",
  "src/control-plane/rotation/rotation.ts",
  "src/control-plane/theft/end-at-signer.ts",
  "src/control-plane/theft/end-theft.ts",
  "src/publisher/replicas/challenges.ts",
  "src/publisher/replicas/distrust-in-secret.ts",
  "src/publisher/replicas/documents.ts",
  "src/publisher/source/source.ts",
  "src/publisher/uploads/kept-keys.ts",
  // Since when a key has its state, and when the API server was given it.
  "src/signer/key-folder.ts",
  "src/signer/signer.ts",
  // Stand-ins date what they answer, as the services do, and their clock is one that a test moves.
  "src/sandbox/aws/account.ts",
  "src/sandbox/aws/page/page.ts",
  "src/sandbox/aws/seed/apply.ts",
  "src/sandbox/aws/start.ts",
  "src/sandbox/aws/sts/issuer-documents.ts",
  "src/sandbox/aws/sts/kept-documents.ts",
  "src/sandbox/aws/wire/dispatch.ts",
  "src/sandbox/aws/wire/server.ts",
  "src/sandbox/azure/azure.ts",
  "src/sandbox/azure/credentials.ts",
  "src/sandbox/azure/entra.ts",
  "src/sandbox/azure/graph.ts",
  "src/sandbox/azure/issuers.ts",
  "src/sandbox/azure/service.ts",
  "src/sandbox/azure/vault.ts",
  "src/sandbox/ca/certificates.ts",
  "src/sandbox/ca/orders.ts",
  "src/sandbox/ca/server.ts",
  "src/sandbox/clock/clock.ts",
  "src/sandbox/cloudflare/cloudflare.ts",
  "src/sandbox/cluster/api.ts",
  "src/sandbox/cluster/cluster.ts",
  "src/sandbox/cluster/objects.ts",
  "src/sandbox/cluster/server.ts",
  "src/sandbox/cluster/token-request.ts",
  "src/sandbox/cluster/user.ts",
  "src/sandbox/control/routes.ts",
  "src/sandbox/gcp/answer.ts",
  "src/sandbox/gcp/issuer-source.ts",
  "src/sandbox/gcp/project.ts",
  "src/sandbox/gcp/seed.ts",
  "src/sandbox/gcp/server.ts",
  "src/sandbox/hetzner/project.ts",
  "src/sandbox/hetzner/server.ts",
  "src/sandbox/hetzner/servers.ts",
  "src/sandbox/process/served.ts",
];

/** Whether a name stands for the clock that counts what has elapsed, and for nothing that is called so here. */
const countsElapsed = (context: RuleContext, { object }: Node): boolean =>
  usesOf(context, "performance", ["node:perf_hooks"]).some(
    ({ node }) => node.object === object && object !== undefined,
  );

const isClock = (node: Node | null | undefined): boolean =>
  /clock$|^(?:Date|performance)$/iu.test(lastName(node) ?? "");

/** Whether an expression reads `now` of something: called at once of anything, as a value of what is called a clock. */
function asksForNow(context: RuleContext, node: Node): boolean {
  const member = memberOf(node);
  if (member !== "now" && member !== "#now") return false;
  const isCalled = node.parent?.type === "CallExpression" && node.parent.callee === node;
  return (isCalled || isClock(node.object)) && !countsElapsed(context, node);
}

/** `const { now } = clock`, and the same of what is inside: `const { clock: { now } } = options`. */
const takesNow = (pattern: Node | null | undefined, from: Node | null | undefined): Node | undefined =>
  takenBy(pattern)
    .map(([name, member]) => {
      if (name === "now" && isClock(from)) return member;
      return takesNow(member.value as Node | undefined, member.key);
    })
    .find((member) => member !== undefined);

/** `now()` of a function that is handed in, `new Date()` and `Date()` without a date. */
const asksAtOnce = ({ callee, arguments: given = [] }: Node): boolean =>
  callee?.type === "Identifier" && (callee.name === "now" || (callee.name === "Date" && given.length === 0));

const message =
  "A wait counts by clock.elapsed(), since a time of day jumps. A file that judges or writes a date stands in tools/lint/time-of-day.ts.";

export const timeOfDayRule = {
  create(context: RuleContext) {
    const path = sourcePath(context.filename);
    if (path === undefined || timeOfDay.includes(path)) return {};
    const report = (node: Node | undefined): void => {
      if (node !== undefined) context.report({ node, message });
    };
    const judgeCall = (node: Node): void => report(asksAtOnce(node) ? node : undefined);
    return {
      MemberExpression: (node: Node): void => report(asksForNow(context, node) ? node : undefined),
      CallExpression: judgeCall,
      NewExpression: judgeCall,
      VariableDeclarator: ({ id, init }: Node): void => report(takesNow(id, init)),
      AssignmentPattern: ({ left, right }: Node): void => report(takesNow(left, right)),
      AssignmentExpression: ({ left, right }: Node): void => report(takesNow(left, right)),
    };
  },
};
