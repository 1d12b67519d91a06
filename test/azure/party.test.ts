/** What every relying party is promised, at the sandbox's Azure: an identity of the stack's, one of others, and an application. */
import { type PartyDrift, type PartyWorld, testParty } from "../support/party-suite.ts";
import { audience, azureStackWorld, issuer, type Standing, subjectOf } from "./stack-world.ts";

const own = /^podtrust-prod_/u;

async function partyWorld(): Promise<PartyWorld> {
  const world = await azureStackWorld();
  const { relay } = world;
  const app = (): string => world.clientId("site");
  const ownOf = async (of: string): Promise<Standing | undefined> =>
    (await world.credentials(of)).find(({ name }) => own.test(name));

  /** Somebody writes one of the stack's credentials with another member. */
  const rewritten = (what: string, more: object): PartyDrift => ({
    what,
    async change() {
      const { name = "", issuer: of, subject, audiences } = (await ownOf("web")) ?? {};
      const properties = { issuer: of, subject, audiences, ...more };
      await world.ask("PUT", world.arm(`/web/federatedIdentityCredentials/${name}`), { properties });
    },
  });

  const tagged = (what: string, tags: object): PartyDrift => ({
    what,
    change: async () => void (await world.ask("PATCH", world.arm("/web"), { tags })),
  });

  return {
    podtrust: (args, host) => world.podtrust(args, host),
    must: (args) => world.must(args),
    json: (args) => world.json(args),
    planned: (...args) => world.planned(...args),
    async standing() {
      const identities = (await world.identities()).map(({ name, tags }) => ({ name, tags }));
      const holders = [...identities.map(({ name }) => name), app()];
      const credentials = await Promise.all(
        holders.map(async (of) => (await world.credentials(of)).map(plain).toSorted()),
      );
      return { identities, credentials };
    },
    async reset() {
      const theirs = { name: "by-hand", issuer, subject: "system:serviceaccount:shop:other" };
      await world.reset({
        identities: [{ name: "theirs", tags: { team: "shop" }, credentials: [theirs] }],
        applications: [{ name: "site", credentials: [theirs] }],
      });
      await world.config(
        `- {name: web, serviceAccounts: [shop/web]}
- {name: theirs, serviceAccounts: [shop/web]}
- {application: ${app()}, serviceAccounts: [shop/web]}
`,
      );
    },
    calls: relay.calls,
    isWrite: (call) => !call.startsWith("GET "),
    watch: (fate) => (relay.onCall = fate),
    child: (args) => ({ args, cwd: world.folder, env: world.env }),
    drifts: [
      rewritten("another subject", { subject: subjectOf("shop/thief") }),
      rewritten("another issuer", { issuer: "https://other.example.com" }),
      rewritten("another audience", { audiences: ["other"] }),
      tagged("the tag of the format lost", { "podtrust-stack": "prod" }),
      {
        what: "a credential deleted",
        async change() {
          const name = (await ownOf("theirs"))?.name ?? "";
          await world.ask("DELETE", world.arm(`/theirs/federatedIdentityCredentials/${name}`));
        },
      },
      {
        what: "a credential of the stack's form that the config does not name",
        async change() {
          const properties = { issuer, subject: subjectOf("shop/thief"), audiences: [audience] };
          const path = world.arm("/theirs/federatedIdentityCredentials/podtrust-prod-0123456789abcdef");
          await world.ask("PUT", path, { properties });
        },
      },
      {
        what: "the description of an application's credential changed",
        async change() {
          const name = (await ownOf(app()))?.name ?? "";
          const url = `https://graph.microsoft.com/v1.0/applications(appId='${app()}')/federatedIdentityCredentials/${name}`;
          await world.ask("PATCH", url, { description: "somebody's words" });
        },
      },
      {
        what: "the identity deleted",
        change: async () => void (await world.ask("DELETE", world.arm("/web"))),
      },
    ],
    async unmark() {
      await world.ask("PATCH", world.arm("/web"), {
        tags: { "podtrust-stack": "prod", "podtrust-format": "1" },
      });
      // Azure renames nothing, and takes a pair once.
      for (const holder of ["web", "theirs"]) {
        const { name = "", issuer: of, subject, audiences } = (await ownOf(holder)) ?? {};
        const path = (one: string): string => world.arm(`/${holder}/federatedIdentityCredentials/${one}`);
        await world.ask("DELETE", path(name));
        const former = `podtrust-prod-${name.slice(-16)}`;
        await world.ask("PUT", path(former), { properties: { issuer: of, subject, audiences } });
      }
    },
    close: () => world.close(),
  };
}

/** A credential without the id that it was given. */
function plain({ name, issuer: of, subject, audiences, description }: Standing): string {
  return JSON.stringify([name, of, subject, audiences, description ?? ""]);
}

testParty({
  name: "what a config's Azure holds",
  calls: { up: 10, down: 8 },
  open: partyWorld,
});
