import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { defined } from "../../src/core/base/index.ts";

const binary = "/usr/bin/chromium";

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

/** A message of the Chrome DevTools Protocol. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** One page of a headless browser. */
export interface BrowserPage {
  /** Calls a method of the DevTools protocol on the page. */
  call(method: string, params?: object): Promise<Record<string, unknown>>;
  /** Opens an address and waits until it is loaded. */
  open(url: string): Promise<void>;
  /** The value of an expression in the page, as JSON gives it; promises are awaited. */
  evaluate<T>(expression: string): Promise<T>;
  /** Calls back with the parameters of each event of the protocol that has this name. */
  listen(event: string, take: (params: Record<string, unknown>) => void): void;
  /** What the page complained of: console errors, exceptions, blocked resources. */
  readonly complaints: string[];
  /** The addresses of all that was asked for. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Why no browser can be had here; undefined when one can. */
export async function browserMissing(): Promise<string | undefined> {
  return access(binary).then(
    () => undefined,
    () => `${binary} is missing (Debian package chromium)`,
  );
}

async function devtoolsAddress(browser: ChildProcess): Promise<string> {
  if (browser.stderr === null) throw new TypeError("the browser has no standard error");
  for await (const line of createInterface({ input: browser.stderr })) {
    const match = /^DevTools listening on (ws:\S+)$/u.exec(line);
    if (match?.[1] !== undefined) return match[1];
  }
  throw new Error("the browser ended before it listened");
}

/** Starts a browser with an empty profile and opens one blank page. */
export async function openBrowser(): Promise<BrowserPage> {
  const profile = await mkdtemp(join(tmpdir(), "podtrust-chromium-"));
  const browser = spawn(binary, [...flags, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const socket = new WebSocket(await devtoolsAddress(browser));
  browser.stderr.resume();
  await once(socket, "open");
  const waiting = new Map<number, (message: Message) => void>();
  const loaded: (() => void)[] = [];
  const complaints: string[] = [];
  const requests: string[] = [];
  const events: Record<string, (params: Record<string, unknown>) => void> = {
    "Page.loadEventFired": () => loaded.splice(0).forEach((resolve) => resolve()),
    "Runtime.exceptionThrown": (params) => void complaints.push(JSON.stringify(params["exceptionDetails"])),
    "Log.entryAdded": (params) => void complaints.push(JSON.stringify(params["entry"])),
    "Network.requestWillBeSent": (params) => {
      requests.push((params["request"] as { url: string }).url);
    },
  };
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    else events[message.method ?? ""]?.(message.params ?? {});
  });
  // A browser that ends does not answer what it was asked last.
  socket.addEventListener("close", () => {
    for (const answer of waiting.values()) answer({ error: { message: "the browser has ended" } });
  });
  let last = 0;
  const send = async (
    method: string,
    params: object,
    sessionId?: string,
  ): Promise<Record<string, unknown>> => {
    last += 1;
    const id = last;
    const answered = new Promise<Message>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params, ...defined({ sessionId }) }));
    const answer = await answered;
    waiting.delete(id);
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result ?? {};
  };
  const { targetInfos } = await send("Target.getTargets", {});
  const target = (targetInfos as { type: string; targetId: string }[]).find(({ type }) => type === "page");
  const attached = await send("Target.attachToTarget", { targetId: target?.targetId, flatten: true });
  const session = String(attached["sessionId"]);
  const call = (method: string, params: object = {}): Promise<Record<string, unknown>> =>
    send(method, params, session);
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await call(`${domain}.enable`);
  return {
    call,
    complaints,
    requests,
    listen(event, take) {
      events[event] = take;
    },
    async open(url) {
      const done = new Promise<void>((resolve) => loaded.push(resolve));
      await call("Page.navigate", { url });
      await done;
    },
    async evaluate<T>(expression: string): Promise<T> {
      const { result, exceptionDetails } = await call("Runtime.evaluate", {
        expression,
        awaitPromise: true,
        returnByValue: true,
      });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { value: T }).value;
    },
    async close() {
      const ended = once(browser, "exit");
      await send("Browser.close", {}).catch(() => browser.kill("SIGKILL"));
      await ended;
      socket.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
