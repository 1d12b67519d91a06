import { maxWait } from "../../support/until.ts";

/** What a client that keeps asking has seen. */
export interface Tally {
  readonly asked: number;
  /** Which certificates it was shown, SHA-256. */
  readonly certificates: readonly string[];
  /** What went wrong, each once. */
  readonly failures: readonly string[];
}

// Runs in the pod as CommonJS: it has Node and nothing else. A connection that was kept, and that the server closed just as
// it was used again, is asked once more, as every HTTP client does (RFC 9110 §9.2.2): nothing was lost.
const program = `
const https = require("https");
const { HOST: host, ADDRESS: address, CA: ca } = process.env;
const seen = { asked: 0, certificates: [], failures: [] };
const kept = new https.Agent({ keepAlive: true, maxSockets: 1, ca, servername: host });
function ask(agent, again = true) {
  return new Promise((resolve) => {
    const options = { host: address, port: 443, servername: host, ca, agent, headers: { host }, path: "/openid/v1/jwks" };
    const failed = (why) => { seen.failures.push(why); resolve(); };
    const request = https.get({ ...options, timeout: ${maxWait} }, (answer) => {
      const digest = answer.socket.getPeerCertificate?.().fingerprint256;
      if (digest && !seen.certificates.includes(digest)) seen.certificates.push(digest);
      let text = "";
      answer.on("data", (part) => (text += part));
      answer.on("error", (error) => failed("in the answer: " + error.code));
      answer.on("end", () => {
        let keys = 0;
        try { keys = JSON.parse(text).keys.length; } catch {}
        if (answer.statusCode !== 200 || keys === 0) return failed(answer.statusCode + " " + text.slice(0, 100));
        seen.asked += 1;
        resolve();
      });
    });
    request.on("timeout", () => request.destroy(new Error("nothing in ${maxWait / 1000} s")));
    request.on("error", (error) => {
      if (request.reusedSocket && again) return resolve(ask(agent, false));
      failed(error.code ?? error.message);
    });
  });
}
async function keepAsking(agent, pause) {
  for (;;) { await ask(agent); await new Promise((resolve) => setTimeout(resolve, pause)); }
}
for (let each = 0; each < 3; each += 1) keepAsking(false, 10);
keepAsking(kept, 10);
setInterval(() => console.log(JSON.stringify(seen)), 250);
`;

/** A pod that asks an address for the JWK Set of a host, again and again, and says what it has seen. */
export function askingClient(input: {
  readonly image: string;
  readonly host: string;
  readonly address: string;
  readonly ca: string;
}): string {
  const { image, host, address, ca } = input;
  const environment = { HOST: host, ADDRESS: address, CA: ca };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "asking", namespace: "default" },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: "asking",
          image,
          imagePullPolicy: "Never",
          command: ["/usr/local/bin/node", "-e", program],
          env: Object.entries(environment).map(([name, value]) => ({ name, value })),
        },
      ],
    },
  });
}

/** The last of what it said. */
export function tallyOf(log: string): Tally {
  const line = log.trimEnd().split("\n").at(-1) ?? "";
  return JSON.parse(line) as Tally;
}
