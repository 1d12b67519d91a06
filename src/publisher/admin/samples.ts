import { plainSample, processSamples, type Sample } from "../../core/admin/index.ts";
import type { PublisherStatus } from "../contract.ts";
import type { RefusalReason, IssuerStatus } from "../status.ts";
import { type MetricId } from "./catalogue.ts";
import type { AdminView } from "./view.ts";

export type Samples = Readonly<Record<MetricId, readonly Sample[]>>;

const failureReasons: readonly RefusalReason[] = [
  "unreachable",
  "not-ready",
  "credentials",
  "unauthenticated",
  "forbidden",
  "bad-answer",
  "internal",
];
const refusalReasons: readonly RefusalReason[] = [
  "discovery-invalid",
  "issuer-mismatch",
  "jwks-invalid",
  "jwks-empty",
];
const keyStates = ["current", "retained", "distrusted"] as const;

/** One sample for each issuer that has the value. */
function perIssuer(
  status: PublisherStatus,
  value: (issuer: IssuerStatus) => number | undefined,
): readonly Sample[] {
  return status.issuers.flatMap((issuer) => {
    const found = value(issuer);
    return found === undefined ? [] : [{ labels: { stack: issuer.stack }, value: found }];
  });
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

function documentSamples(view: AdminView, status: PublisherStatus) {
  const age = ({ documents }: IssuerStatus): number | undefined =>
    documents === undefined ? undefined : Math.max(0, view.clock.now() - documents.confirmedAt) / 1000;
  return {
    ready: plainSample(status.ready ? 1 : 0),
    documentsAge: perIssuer(status, age),
    documentsRestored: perIssuer(status, ({ documents }) =>
      documents !== undefined && documents.from !== "cluster" ? 1 : 0,
    ),
    documentsChanged: perIssuer(status, ({ documents }) => seconds(documents?.changedAt)),
    blind: perIssuer(status, ({ blind }) =>
      blind === undefined ? 0 : Math.max(0, view.clock.now() - blind.since) / 1000,
    ),
    formerIssuer: perIssuer(status, ({ formerIssuer }) => (formerIssuer === undefined ? 0 : 1)),
    credentialExpiry: perIssuer(status, ({ credential }) => seconds(credential?.expiresAt)),
    failingSince: perIssuer(status, ({ failing }) => seconds(failing?.since)),
    distrustsWithheld: perIssuer(status, ({ withheldDistrusts = 0 }) => withheldDistrusts),
    warnings: perIssuer(status, ({ warnings }) => warnings.length),
    keys: status.issuers.flatMap(({ stack, keys }) =>
      keyStates.map((state) => ({
        labels: { stack, state },
        value: keys.filter((key) => key.state === state).length,
      })),
    ),
  };
}

function backupSamples({ backups }: PublisherStatus) {
  return {
    backupWritten: backups.flatMap(({ stack, writtenAt }) =>
      writtenAt === undefined ? [] : [{ labels: { stack }, value: writtenAt / 1000 }],
    ),
    backupDue: backups.map(({ stack, dueAt }) => ({ labels: { stack }, value: dueAt / 1000 })),
  };
}

function sourceSamples(view: AdminView) {
  const issuers = view.issuers();
  const byReason = (reasons: readonly RefusalReason[]): readonly Sample[] =>
    issuers.flatMap(({ settings, tallies }) =>
      reasons.map((reason) => ({
        labels: { stack: settings.stack, reason },
        value: tallies.refused.get(reason) ?? 0,
      })),
    );
  const of = (key: "confirmed" | "unsaved"): readonly Sample[] =>
    issuers.map(({ settings, tallies }) => ({ labels: { stack: settings.stack }, value: tallies[key] }));
  return {
    refreshes: of("confirmed"),
    documentsUnsaved: of("unsaved"),
    storeForged: issuers.map(({ settings: { stack, shared }, tallies }) => ({
      labels: { stack },
      value: tallies.forged + (shared?.forgedBeside?.() ?? 0),
    })),
    refreshFailures: byReason(failureReasons),
    refusals: byReason(refusalReasons),
  };
}

function certificateSamples(view: AdminView) {
  const held = view.issuers().flatMap(({ settings: { stack, certificates } }) => {
    if (certificates === undefined) return [];
    const notAfter = certificates.current()?.notAfter;
    return [{ labels: { stack }, notAfter, status: certificates.status?.() }];
  });
  return {
    certificateExpiry: held.flatMap(({ labels, notAfter }) =>
      notAfter === undefined ? [] : [{ labels, value: notAfter / 1000 }],
    ),
    certificateRenewals: held.map(({ labels, status }) => ({ labels, value: status?.renewals ?? 0 })),
    certificateFailures: held.map(({ labels, status }) => ({ labels, value: status?.attempts ?? 0 })),
  };
}

function targetSamples(view: AdminView, status: PublisherStatus) {
  const targets = view
    .issuers()
    .flatMap(({ settings: { stack }, targetTallies: target }) =>
      target === undefined ? [] : [{ labels: { stack }, target }],
    );
  return {
    targetConfirmed: perIssuer(status, ({ publication }) => seconds(publication?.confirmedAt)),
    targetFailures: targets.map(({ labels, target }) => ({ labels, value: target.failed })),
    targetConflicts: targets.map(({ labels, target }) => ({ labels, value: target.conflicts })),
  };
}

function wireSamples(view: AdminView) {
  const { tallies, connections } = view;
  const { open } = tallies;
  const spoken = open["http/1.1"] + open.h2;
  const byName = (label: string, counts: Readonly<Record<string, number>>): readonly Sample[] =>
    Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));
  return {
    requests: tallies.requests
      .filter(({ tally }) => tally.count > 0)
      .map(({ stack, place, status, tally }) => ({
        labels: { stack, path: place, status: String(status) },
        value: tally.count,
      })),
    latency: tallies.latency.samples,
    connections: byName("protocol", {
      "http/1.1": open["http/1.1"],
      h2: open.h2,
      handshake: Math.max(0, connections.size - spoken),
    }),
    connectionsRefused: [{ labels: {}, value: tallies.refusedConnections }],
    handshakes: byName("outcome", tallies.handshakes),
    cutOff: byName("reason", tallies.cutOff),
  };
}

/** Samples of every metric at this moment. */
export function takeSamples(view: AdminView): Samples {
  const status = view.publisher.status();
  return {
    ...documentSamples(view, status),
    ...backupSamples(status),
    ...sourceSamples(view),
    ...targetSamples(view, status),
    ...certificateSamples(view),
    ...wireSamples(view),
    ...processSamples(),
  };
}
