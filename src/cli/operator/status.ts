import { asPodtrustError, lengthText, PodtrustError } from "../../core/base/index.ts";
import { request } from "../../core/http/index.ts";
import type { OperatorStatus, WebhookStatus } from "../../operator/index.ts";
import type { CommandContext } from "../context.ts";
import { addressOf } from "../options/address.ts";

/** What was typed. */
export interface OperatorStatusOptions {
  readonly address: string;
}

async function ask({ address }: OperatorStatusOptions, signal: AbortSignal): Promise<OperatorStatus> {
  const { host, port } = addressOf(address);
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/status`;
  try {
    const answer = await request(url, { allowPlainHttp: true, maxBytes: 64 * 1024 * 1024, signal });
    if (answer.status === 200) return JSON.parse(answer.body.toString("utf8")) as OperatorStatus;
    throw new PodtrustError("operator-not-running", `${address} answered ${answer.status}: no operator does`);
  } catch (cause) {
    const { code, message } = asPodtrustError(cause);
    if (code === "operator-not-running" || code === "interrupted") throw cause;
    throw new PodtrustError("operator-not-running", `no operator answers at ${address}: ${message}`, {
      cause,
    });
  }
}

const maxShown = 20;

/** The first of many lines, and how many more there are. */
function first(lines: readonly string[]): readonly string[] {
  const more = lines.length - maxShown;
  return more > 0 ? [...lines.slice(0, maxShown), `  and ${more} more (--json shows all)`] : lines;
}

function webhookLine({ address, certificateUntil }: WebhookStatus, now: number): string {
  const where = address === undefined ? "listens nowhere yet" : `listens on ${address.host}:${address.port}`;
  const until =
    certificateUntil === undefined
      ? "has no certificate yet"
      : `its certificate is good for ${lengthText(certificateUntil - now)}`;
  return `webhook: ${where}, ${until}`;
}

const unmetText = (unmet: Readonly<Record<string, number>>): string =>
  Object.entries(unmet)
    .map(([reason, count]) => `, ${count} not as asked (${reason})`)
    .join("");

/** The status in lines. `now` in milliseconds since the epoch. */
function statusLines(status: OperatorStatus, now: number): readonly string[] {
  const { leadership, follows, controllers, canary, webhook, keys = [], found, evicted } = status;
  const leader = leadership.leads ? "this process leads" : `${leadership.leader ?? "no replica"} leads`;
  return [
    `${status.ready ? "ready" : "not ready"}; ${leader} (${leadership.identity} answers)`,
    ...status.unready.map((why) => `  ${why}`),
    ...follows.map(({ resource, objects, synced, failing }) => {
      const state =
        failing === undefined
          ? synced
            ? "up to date"
            : "not seen yet"
          : `behind for ${lengthText(now - failing.since)}: ${failing.message}`;
      return `follows ${resource}: ${objects} kept, ${state}`;
    }),
    ...controllers.map(
      ({ name, queue, failing, done, failed, unmet }) =>
        `controller ${name}: ${queue} waiting, ${failing} failing${unmetText(unmet)}; ${done} done, ${failed} failed since the start`,
    ),
    ...first(
      controllers.flatMap(({ failures }) =>
        failures.map(
          ({ key, times, at, message }) =>
            `  ${key}: ${message} (${times} times, ${lengthText(now - at)} ago)`,
        ),
      ),
    ),
    ...(canary === undefined
      ? []
      : [`injection: ${canary.state} for ${lengthText(now - canary.since)}: ${canary.text}`]),
    ...(webhook === undefined ? [] : [webhookLine(webhook, now)]),
    ...keys.map((said) => `keys: ${said}`),
    `pods that are not as injection makes them: ${leadership.leads ? found.length : "known to who leads"}; ${evicted} evicted since the start`,
    ...first(found.map(({ pod, reason, text }) => `  ${pod}: ${reason}: it ${text}`)),
  ];
}

/** `podtrust operator status`: exit code 3 if something is wrong. */
export async function runOperatorStatus(
  context: CommandContext,
  options: OperatorStatusOptions,
): Promise<void> {
  const status = await ask(options, context.signal);
  if (context.json) context.output.result(status);
  else context.output.raw(`${statusLines(status, context.clock.now()).join("\n")}\n`);
  if (!status.ready || status.degraded.length > 0 || status.found.length > 0) context.exitCode = 3;
}
