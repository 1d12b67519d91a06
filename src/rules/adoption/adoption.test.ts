import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  facts,
  jwksUri,
  old,
  ours,
  pair,
  server,
  shown,
  trusted,
} from "../../../test/support/adoption-facts.ts";
import {
  type AdoptionFacts,
  adoptionRefusals,
  adoptionSteps,
  adoptionWarnings,
  type Manner,
  mannerOf,
  nextStep,
  oldIssuers,
  type ServerFacts,
} from "./index.ts";

const reasons = (more: Partial<AdoptionFacts>): readonly string[] =>
  adoptionRefusals(facts(more)).map(({ reason, server: name = "" }) => `${reason} ${name}`.trim());

describe("adoption is refused", () => {
  test("of nothing where each server can be given the issuer", () => {
    assert.deepEqual(reasons({}), []);
    assert.deepEqual(reasons({ listed: [] }), []);
  });

  for (const distribution of ["eks", "gke", "aks"] as const)
    test(`${distribution}: its provider's issuer is used and nothing is changed, whatever else is seen`, () => {
      assert.deepEqual(reasons({ distribution, servers: [] }), ["managed"]);
    });

  test("where no API server could be read", () => {
    assert.deepEqual(reasons({ servers: [] }), ["no-servers"]);
  });

  test("where the cluster alone says what its servers run with, and podtrust would write their files", () => {
    const servers = pair({ saidBy: "cluster" });
    assert.deepEqual(reasons({ servers, listed: [] }), ["no-servers"]);
    assert.deepEqual(reasons({ servers, listed: [], distribution: "kind" }), []);
  });

  test("where an AuthenticationConfiguration names the issuer, or cannot be read", () => {
    const read = (issuers: readonly string[]) => server("a", { authentication: { kind: "read", issuers } });
    assert.deepEqual(reasons({ servers: [read(["https://other.example.com"])] }), []);
    assert.deepEqual(reasons({ servers: [read(["https://other.example.com", ours])] }), [
      "authentication-names-issuer a",
    ]);
    const file = "/etc/kubernetes/authentication.yaml";
    assert.deepEqual(reasons({ servers: [server("a", { authentication: { kind: "unread", file } })] }), [
      "authentication-unread a",
    ]);
    const running = server("a", { issuers: [ours, old], authentication: { kind: "unread", file } });
    assert.deepEqual(reasons({ servers: [running] }), [], "it has started with the issuer");
  });

  test("where the wanted audiences drop one of any server: its own, or its issuers where it has none", () => {
    const servers = [server("a"), server("b", { audiences: ["https://api.example.com"] })];
    const wanted = (audiences: readonly string[]) => ({ issuer: ours, jwksUri, audiences });
    const found = adoptionRefusals(facts({ servers, wanted: wanted([ours]) }));
    assert.deepEqual(
      found.map(({ reason, server: name }) => [reason, name]),
      [
        ["audience-dropped", "a"],
        ["audience-dropped", "b"],
      ],
    );
    assert.match(found[0]?.message ?? "", /where unset it is the list of issuers/u);
    assert.doesNotMatch(found[1]?.message ?? "", /where unset/u);
    assert.match(found[0]?.next ?? "", new RegExp(`--api-audiences=${ours},${old},https://api`, "u"));
    assert.deepEqual(reasons({ servers, wanted: wanted([ours, old, "https://api.example.com"]) }), []);
  });

  test("where all files and the unit of a server would start it otherwise than meant: with the line to change", () => {
    const message = "its API server would start otherwise than meant";
    const line = { from: "/etc/rancher/k3s/config.yaml.d/60.yaml", text: "api-audiences=x" };
    const on = (more: object): readonly string[] => {
      const startRefusal = { refusal: "differs", message, ...more } as const;
      const servers = [server("a", { startRefusal })];
      return adoptionRefusals(facts({ distribution: "k3s", servers })).map(
        ({ reason, message: said, next }) => `${reason}: ${said}; ${next}`,
      );
    };
    assert.match(
      on({ line })[0] ?? "",
      /^start-differs: a: its API server would start otherwise than meant; Take api-audiences=x out of \/etc\/rancher\S+60\.yaml, and out of the line/u,
    );
    assert.match(on({})[0] ?? "", /; Look at its unit and config files, and out of/u);
  });

  test("of no server whose unit names the issuer alone: that is moved, and said before", () => {
    const unit = { unit: "k3s.service", given: [`service-account-issuer=${old}`], isBeside: false };
    const servers = pair({ unit });
    assert.deepEqual(reasons({ distribution: "k3s", servers }), []);
    const notes = adoptionWarnings(facts({ distribution: "k3s", servers }));
    assert.match(notes[0] ?? "", /^a: k3s\.service gives .*; they move into config\.yaml\.d/u);
    const quiet = pair({ unit: { ...unit, given: [] } });
    assert.deepEqual(adoptionWarnings(facts({ distribution: "k3s", servers: quiet })), []);
  });

  test("of a server that the config lists and that could not be read, by name", () => {
    assert.deepEqual(reasons({ listed: ["a", "b", "c"] }), ["server-unknown c"]);
  });

  test("where a server's answer differs from its flags", () => {
    assert.deepEqual(reasons({ servers: [server("a", { discovered: ours })] }), ["flags-differ a"]);
    assert.deepEqual(reasons({ servers: [server("a", { issuers: [], discovered: ours })] }), [
      "flags-differ a",
    ]);
    const { discovered: _, ...unseen } = server("a");
    assert.deepEqual(reasons({ servers: [unseen] }), []);
  });

  test("where servers have different keys", () => {
    assert.deepEqual(reasons({ servers: [server("a"), server("b", { kids: ["k1", "k2"] })] }), [
      "keys-differ a",
    ]);
    const { kids: _, ...unseen } = server("a");
    assert.deepEqual(reasons({ servers: [unseen, server("b", { kids: ["k2"] })] }), []);
  });

  test("on Talos 1.13, which never lets the new issuer sign", () => {
    assert.deepEqual(reasons({ distribution: "talos", talos: 13 }), ["talos-order"]);
    assert.deepEqual(reasons({ distribution: "talos", talos: 14 }), []);
  });
});

test("how the API servers of a distribution are given flags", () => {
  const manners: readonly (readonly [AdoptionFacts["distribution"], Manner])[] = [
    ["kubeadm", "files"],
    ["k3s", "files"],
    ["rke2", "files"],
    ["microk8s", "printed"],
    ["kind", "printed"],
    ["talos", "printed"],
    [undefined, "printed"],
    ["k0s", "single"],
    ["minikube", "single"],
    ["eks", "managed"],
  ];
  for (const [distribution, manner] of manners)
    assert.equal(mannerOf({ distribution }), manner, distribution ?? "any other");
  assert.equal(mannerOf({ distribution: "talos", talos: 12 }), "single");
});

describe("what happens anyway is said beforehand", () => {
  test("nothing, with two servers that hold several issuers", () =>
    assert.deepEqual(adoptionWarnings(facts()), []));

  test("a single value: who breaks, and with several servers all of them at once", () => {
    const said = (servers: readonly ServerFacts[]) =>
      adoptionWarnings(facts({ servers, distribution: "k0s" }));
    assert.match(said([server("a")]).join("\n"), /holds one issuer/u);
    assert.match(said(pair()).join("\n"), /maintenance window/u);
  });

  test("a server without an issuer makes tokens that every server refuses", () => {
    const { discovered: _, ...silent } = server("a", { issuers: [], audiences: [old] });
    const servers = [silent, server("b")];
    assert.deepEqual(adoptionWarnings(facts({ servers })), [
      "a refuses the tokens that a makes now: the first step mends it",
      "b refuses the tokens that a makes now: the first step mends it",
      "a refuses the tokens that b makes now: the first step mends it",
    ]);
  });

  test("a pass that was begun by hand at one server", () => {
    const servers = [server("a", { issuers: [ours, old] }), server("b")];
    assert.deepEqual(adoptionWarnings(facts({ servers })), [
      "b refuses the tokens that a makes now: the first step mends it",
    ]);
    const next = nextStep(adoptionSteps(facts({ servers })));
    assert.ok(next !== undefined && "server" in next);
    assert.deepEqual([next.kind, next.server, next.flags?.issuers], ["accept", "b", [old, ours]]);
  });
});

describe("the steps of adoption", () => {
  test("documents, IAM, every server accepts, then every server signs", () => {
    assert.deepEqual(shown(adoptionSteps(facts())), [
      "x publish",
      "x trust",
      `. accept a ${old} ${ours}`,
      `. accept b ${old} ${ours}`,
      `. sign a ${ours} ${old}`,
      `. sign b ${ours} ${old}`,
    ]);
  });

  test("a run that was cut off continues with the first that the cluster does not show", () => {
    const at = (a: readonly string[], b: readonly string[]) => {
      const servers = [server("a", { issuers: a, jwksUri }), server("b", { issuers: b, jwksUri })];
      const next = nextStep(adoptionSteps(facts({ servers })));
      return next === undefined ? "nothing" : `${next.kind} ${"server" in next ? next.server : ""}`;
    };
    assert.equal(at([old], [old]), "accept a");
    assert.equal(at([old, ours], [old]), "accept b");
    assert.equal(at([old, ours], [old, ours]), "sign a");
    assert.equal(at([ours, old], [old, ours]), "sign b");
    assert.equal(at([ours, old], [ours, old]), "nothing");
    assert.equal(at([ours], [ours, old]), "nothing");
  });

  test("the address of keys belongs to the issuer that signs: it comes with the second pass, not with the first", () => {
    const given = adoptionSteps(facts()).flatMap((step) =>
      "server" in step ? [[step.kind, step.flags?.jwksUri]] : [],
    );
    assert.deepEqual(given, [
      ["accept", undefined],
      ["accept", undefined],
      ["sign", jwksUri],
      ["sign", jwksUri],
    ]);
  });

  test("a server that signs without the address of the new issuer's keys gets it", () => {
    const done = (more: Partial<ServerFacts>): readonly boolean[] =>
      adoptionSteps(facts({ servers: [server("a", more)] }))
        .slice(2)
        .map((step) => step.done);
    assert.deepEqual(done({ issuers: [ours, old] }), [true, false]);
    assert.deepEqual(done({ issuers: [ours, old], jwksUri }), [true, true]);
  });

  test("flags of the issuer that are back in a unit are moved by the step at which the cluster stands, no issuer twice", () => {
    const unit = { unit: "k3s.service", given: [`service-account-issuer=${old}`], isBeside: true };
    const next = (issuers: readonly string[], given: readonly string[] = unit.given): string => {
      const more = { issuers, jwksUri, unit: { ...unit, given } };
      const step = nextStep(adoptionSteps(facts({ servers: [server("a", more), server("b", more)] })));
      return step !== undefined && "server" in step
        ? `${step.kind} ${step.server} ${step.flags?.issuers.join(" ")}`
        : "none";
    };
    assert.equal(next([old, ours, old]), `accept a ${old} ${ours}`);
    assert.equal(next([ours, old, old]), `sign a ${ours} ${old}`);
    assert.equal(next([ours, old], []), "none");
    // Finished: what the old line has put back is accepted until it is finished again.
    assert.equal(next([ours, old]), `sign a ${ours} ${old}`);
  });

  test("audiences: unset stays unset; set anywhere, every server has those of all", () => {
    const flagsOf = (servers: readonly ServerFacts[]) =>
      adoptionSteps(facts({ servers })).flatMap((step) => ("server" in step ? [step.flags?.audiences] : []));
    assert.deepEqual(flagsOf([server("a")]), [undefined, undefined]);
    const all = [old, "https://api.example.com"];
    assert.deepEqual(flagsOf([server("a"), server("b", { audiences: ["https://api.example.com"] })]), [
      all,
      all,
      all,
      all,
    ]);
    const wanted = { issuer: ours, jwksUri, audiences: [ours, old] };
    const [, , accept] = adoptionSteps(
      facts({ wanted, servers: [server("a", { issuers: [old, ours], jwksUri })] }),
    );
    assert.equal(accept?.done, true);
  });

  test("documents that are not seen, or lack a key, keep every server as it is", () => {
    const lacks = (documents: AdoptionFacts["documents"]) => {
      const [first] = adoptionSteps(facts({ documents }));
      return first !== undefined && "missing" in first ? first.missing : [];
    };
    assert.deepEqual(
      lacks({
        families: [
          { family: "IPv4", outcome: "seen" },
          { family: "IPv6", outcome: "failed", why: "refused" },
        ],
        kids: [],
      }),
      ["over IPv6 the documents cannot be read: refused", "not published: key k1"],
    );
    assert.deepEqual(lacks({ families: [{ family: "IPv4", outcome: "failed" }], kids: [] }), [
      "over IPv4 the documents cannot be read: no answer",
      "the documents are seen over neither IPv4 nor IPv6",
    ]);
    const { kids: _, ...unseen } = server("a");
    const [first] = adoptionSteps(
      facts({ servers: [unseen], documents: { families: [{ family: "IPv6", outcome: "seen" }], kids: [] } }),
    );
    assert.equal(first?.done, true);
  });

  test("AWS that does not let the new issuer in keeps every server as it is: ours by up, others' by others", () => {
    const role = (name: string, isOurs: boolean, trustsNew: boolean) => ({
      name,
      arn: `arn:aws:iam::111122223333:role/${name}`,
      isOurs,
      trustsNew,
      statements: [],
    });
    const roles = [role("web", true, false), role("done", true, true), role("legacy", false, false)];
    const accounts = [
      { ...trusted, hasProvider: false, roles },
      { ...trusted, account: "444455556666", unseen: "no credentials" },
    ];
    const [, trust] = adoptionSteps(facts({ accounts }));
    assert.ok(trust !== undefined && "missing" in trust);
    assert.deepEqual(trust.missing, [
      "account 111122223333 has no OIDC provider of the new issuer: podtrust up makes it",
      "account 111122223333: podtrust up lets the new issuer into web",
      "account 111122223333: others have to let the new issuer into legacy",
      "account 444455556666 was not seen: no credentials",
    ]);
  });

  test("every issuer of before stays, also one that only the config still names", () => {
    const servers = [
      server("a", { issuers: [ours] }),
      server("b", { issuers: ["https://b.example.com", old] }),
    ];
    assert.deepEqual(oldIssuers(facts({ servers, formerIssuers: ["https://was.example.com"] })), [
      "https://b.example.com",
      old,
      "https://was.example.com",
    ]);
  });
});
