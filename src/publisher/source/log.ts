import { type LogFields, type Logger, isoTime } from "../../core/base/index.ts";
import { withheldText } from "./said.ts";
import type { SourceEvent } from "./state.ts";

interface Line {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
}

const keyLines = {
  "key-appeared": { level: "info", message: "a key appeared in the cluster and is published" },
  "key-vanished": {
    level: "info",
    message: "a key vanished from the cluster and stays published for a while",
  },
  "key-returned": { level: "info", message: "a key that had vanished from the cluster is back" },
  "key-replaced": {
    level: "warn",
    message: "the cluster shows another key under a known kid: it is published instead",
  },
  "key-dropped": { level: "info", message: "a key that vanished long enough ago is no longer published" },
  "distrusted-key-shown": {
    level: "warn",
    message: "the cluster shows a key that is distrusted: it stays out",
  },
  "distrusted-key-vanished": { level: "info", message: "a distrusted key is gone from the cluster" },
  "key-distrusted": { level: "warn", message: "a key was distrusted and is no longer published" },
  "key-handed-over": {
    level: "warn",
    message: "a person handed over a key that the cluster has not shown; it is published",
  },
  "key-restored": { level: "warn", message: "the distrust of a key was taken back" },
} as const;

function lineOf(event: SourceEvent): Line {
  if (event.type === "refused") {
    const { reason, message, next, since, count } = event.failing;
    const fields = { reason, next, since: isoTime(since), count };
    return { level: "error", message: `nothing new is published: ${message}`, fields };
  }
  if (event.type === "blind") {
    const { reason, message, next, since } = event.blind;
    const fields = { reason, next, since: isoTime(since), count: event.count };
    // A starting API server is ready soon, and needs no action.
    const level = reason === "not-ready" ? "warn" : "error";
    return { level, message: `the cluster cannot be read: ${message}`, fields };
  }
  if (event.type === "recovered") {
    const { reason, since, count } = event.failing;
    const seconds = Math.round((event.now - since) / 1000);
    const fields = { reason, count, seconds };
    return { level: "info", message: "the cluster's documents are good again", fields };
  }
  if (event.type === "issuer-changed") {
    const fields = { former: event.former };
    return { level: "info", message: "the cluster's tokens name this issuer now", fields };
  }
  if (event.type === "distrust-withheld") {
    const { kid, reason } = event;
    return { level: "error", message: withheldText(event), fields: { kid, reason } };
  }
  if (event.type === "warned") return { level: "warn", message: event.warning, fields: {} };
  return { ...keyLines[event.type], fields: { kid: event.kid } };
}

/** Logs what happened to an issuer's keys. */
export function logEvents(logger: Logger, events: readonly SourceEvent[]): void {
  for (const event of events) {
    const line = lineOf(event);
    logger[line.level](line.message, line.fields);
  }
}
