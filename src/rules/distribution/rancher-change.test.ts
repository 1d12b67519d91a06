import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined } from "../../core/base/index.ts";
import {
  type ChangedStart,
  commandIn,
  issuerTwice,
  serverStart,
  startAfter,
  type StartRefusal,
  type UnitStart,
  unitFlags,
  unitNote,
} from "./index.ts";

const old = "https://kubernetes.default.svc.cluster.local";
const before = "https://old.example.com";
const ours = "https://oidc.example.com";
const main = "/etc/rancher/k3s/config.yaml";
const own = `${main}.d/50-issuer.yaml`;
const path = "/etc/systemd/system/k3s.service";
const jwksUri = `${ours}/openid/v1/jwks`;
const argument = (flag: string): string => `--kube-apiserver-arg=${flag}`;

/** As k3s' install.sh writes it: create_systemd_service_file, quote and quote_indent, read in the copy of commit 0136cf25. */
const written = (args: readonly string[]): string => `[Unit]
Description=Lightweight Kubernetes

[Service]
Type=notify
EnvironmentFile=-/etc/default/%N
User=root
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStart=/usr/local/bin/k3s \\
    server \\
${args.map((one) => `\t'${one}' \\\n`).join("")}
`;
const unit = (args: readonly string[], text = written(args)): UnitStart => ({
  command: ["/usr/local/bin/k3s", "server", ...args],
  environment: {},
  texts: [{ path, text }],
});
const changed = (made: ChangedStart | StartRefusal): ChangedStart => {
  assert.ok(!("refusal" in made), JSON.stringify(made));
  return made;
};
const refused = (made: ChangedStart | StartRefusal): StartRefusal => {
  assert.ok("refusal" in made, JSON.stringify(made));
  return made;
};
const withoutNote = (text = ""): string => text.replace(/^# podtrust moved .*\n/mu, "");
const guide = [
  argument(`service-account-issuer=${before}`),
  "--disable",
  "traefik",
  argument(`service-account-jwks-uri=${before}/openid/v1/jwks`),
];

describe("a change of a server's files, before it is made", () => {
  const change = { issuers: [before, ours], audiences: [before, "k3s"], jwksUri };

  test("gives the files that change and the start that they lead to", () => {
    const value = { "kube-apiserver-arg": [`service-account-issuer=${before}`, "v=2"] };
    const made = startAfter("k3s", unit(["--disable=traefik"]), [{ path: main, value }], { own, change });
    const { files, start, moved, unitFile } = changed(made);
    assert.deepEqual(
      files.map((one) => one.path),
      [main, own],
    );
    assert.deepEqual([start.flags.issuers, start.flags.jwksUri], [[before, ours], jwksUri]);
    assert.deepEqual([moved, unitFile], [[], undefined]);
  });

  test("takes the guide's flags out of the unit, byte for byte what the line without them writes, and gives both in order", () => {
    const made = changed(startAfter("k3s", unit(guide), [], { own, change: { issuers: [before, ours] } }));
    assert.deepEqual(made.start.flags.issuers, [before, ours]);
    // What the change does not name stays as it was.
    assert.equal(made.start.flags.jwksUri, `${before}/openid/v1/jwks`);
    assert.deepEqual(made.moved, [
      `service-account-issuer=${before}`,
      `service-account-jwks-uri=${before}/openid/v1/jwks`,
    ]);
    assert.equal(made.unitFile?.path, path);
    assert.equal(withoutNote(made.unitFile?.text), written(["--disable", "traefik"]));
  });

  test("takes an issuer out of the unit that its own file has too, as the next run of the old line leaves it", () => {
    const value = { "kube-apiserver-arg+": [before, ours].map((one) => `service-account-issuer=${one}`) };
    const files = [{ path: own, value }];
    const { start } = changed(startAfter("k3s", unit(guide), files, { own, change: { jwksUri } }));
    assert.deepEqual([start.flags.issuers, start.flags.jwksUri], [[before, ours], jwksUri]);
  });

  test("takes out any form of the issuer's flags, in one word or two, and the flags of other kinds stay", () => {
    const text = `[Service]\nExecStart=/usr/local/bin/k3s server -kube-apiserver-arg service-account-issuer-=${before} "--kube-apiserver-arg=api_audiences=x" --kube-apiserver-arg=v=2\n`;
    const words = [
      "-kube-apiserver-arg",
      `service-account-issuer-=${before}`,
      argument("api_audiences=x"),
      argument("v=2"),
    ];
    const made = changed(startAfter("k3s", unit(words, text), [], { own, change }));
    assert.equal(
      withoutNote(made.unitFile?.text),
      "[Service]\nExecStart=/usr/local/bin/k3s server --kube-apiserver-arg=v=2\n",
    );
    assert.deepEqual(made.start.flags.issuers, [before, ours]);
    assert.ok(made.start.words.includes("--v=2"));
  });

  test("writes its note into the unit once, and into the drop-in whose ExecStart counts", () => {
    const drop = `${path}.d/10-start.conf`;
    const texts = [
      { path, text: written([]) },
      { path: drop, text: changed(startAfter("k3s", unit(guide), [], { own, change })).unitFile?.text ?? "" },
    ];
    const again = texts[1]?.text.replace("    server", `    server ${argument("api-audiences=x")}`) ?? "";
    const args = [argument("api-audiences=x"), "--disable", "traefik"];
    const made = startAfter(
      "k3s",
      { ...unit(args), texts: [...texts.slice(0, 1), { path: drop, text: again }] },
      [],
      {
        own,
        change,
      },
    );
    assert.deepEqual(changed(made).unitFile, texts[1]);
  });

  test("is refused with the line to change where the unit's file is of a form that is not taken apart", () => {
    const flag = argument(`service-account-issuer=${before}`);
    for (const line of [
      `ExecStart=/usr/local/bin/k3s server '${flag}'--x`,
      `ExecStart=/usr/local/bin/k3s server ${flag} --other`,
      `ExecStart=/usr/local/bin/k3s server \\\n# ${flag}\n${flag}`,
      `ExecStart=-/usr/local/bin/k3s server ${flag}`,
      `ExecStart=/usr/local/bin/k3s server \\x2d${flag}`,
    ]) {
      const { refusal, line: named } = refused(
        startAfter("k3s", unit([flag], `[Service]\n${line}\n`), [], { own, change }),
      );
      assert.deepEqual([refusal, named?.from], ["unit-form", path], line);
      assert.equal(named?.text, `service-account-issuer=${before}`);
    }
    const none = refused(startAfter("k3s", { ...unit([flag]), texts: [] }, [], { own, change }));
    assert.equal(none.line?.from, "its unit");
  });

  test("is refused where the server's unit is: what systemd puts into an argument could be another issuer", () => {
    const open = unit(["--kube-apiserver-arg=$ARGUMENT"]);
    assert.equal(refused(startAfter("k3s", open, [], { own, change })).refusal, "unit-variable");
  });

  test("is refused where the change itself names an issuer twice", () => {
    const twice = { own, change: { issuers: [ours, ours] } };
    assert.equal(refused(startAfter("k3s", unit([]), [], twice)).refusal, "issuer-twice");
  });

  test("is refused where a later file drops what ours says, and names that file", () => {
    const other = `${main}.d/60-other.yaml`;
    for (const entry of ["v=2", `service-account-issuer=${before}`]) {
      const later = { path: other, value: { "kube-apiserver-arg": [entry] } };
      const { refusal, line } = refused(startAfter("k3s", unit(guide), [later], { own, change }));
      assert.deepEqual([refusal, line?.from], ["differs", other]);
    }
  });

  test("that takes the issuer away leaves k3s' own, also where the unit named one", () => {
    const back = { own, change: { issuers: [], audiences: [], jwksUri: "" } };
    const files = [{ path: own, value: { "kube-apiserver-arg+": [`service-account-issuer=${ours}`] } }];
    for (const args of [[], guide]) {
      const { start } = changed(startAfter("k3s", unit(args), files, back));
      assert.deepEqual([start.flags.issuers, start.flags.jwksUri], [[old], undefined]);
    }
  });

  test("that takes the key files away is refused and blames no line: k3s gives its own", () => {
    const bare = { own, change: { keyFiles: [] } };
    const { refusal, message, line } = refused(startAfter("k3s", unit([]), [], bare));
    assert.deepEqual([refusal, line], ["differs", undefined]);
    assert.match(message, /--service-account-key-file is \S+service\.key, and not set is wanted$/u);
  });

  test("that takes the key file away names the argument that gives it", () => {
    const bare = { own, change: { keyFiles: ["/b"] } };
    const later = { path: `${main}.d/60.yaml`, value: { "kube-apiserver-arg": "v=2" } };
    const given = unit([argument("service-account-key-file=/a")]);
    const { line } = refused(startAfter("k3s", given, [later], bare));
    assert.deepEqual(line, { from: "the command line of its unit", text: "service-account-key-file=/a" });
  });
});

test("the command of a unit's file is read in each form that is taken apart, and in no other", () => {
  assert.deepEqual(commandIn(written(guide)), unit(guide).command);
  assert.deepEqual(commandIn('ExecStart=\nExecStart="/a b" --x=100%% y'), ["/a b", "--x=100%", "y"]);
  assert.equal(commandIn("ExecStart=/a 'b"), undefined);
  assert.equal(commandIn("[Service]\nExecStart=\n"), undefined);
});

describe("what a server's unit says of the issuer beside its files", () => {
  const files = [{ path: own, value: { "kube-apiserver-arg+": [`service-account-issuer=${ours}`] } }];
  const said = (args: readonly string[], given = files, name = "k3s.service", text = written(args)) => {
    const start = serverStart("k3s", unit(args, text), given);
    assert.ok(!("refusal" in start));
    return unitFlags(
      "k3s",
      { ...unit(args, text), name },
      { files: given, ...defined({ twice: start.twice }) },
    );
  };

  test("is nothing where files alone say it", () => {
    const found = said(["--disable=traefik"]);
    assert.deepEqual(found, { unit: "k3s.service", given: [], isBeside: true });
    assert.equal(unitNote("cp-1", found), undefined);
  });

  test("is moved by the adoption, and the line that installs the server from then on is shown", () => {
    const found = said(guide, []);
    assert.equal(found.installLine, "curl -sfL https://get.k3s.io | sh -s - server --disable traefik");
    assert.match(
      unitNote("cp-1", found) ?? "",
      /^cp-1: k3s\.service gives service-account-issuer=\S+ and service-account-jwks-uri=\S+ on its command line; they move into config\.yaml\.d\. .*: curl -sfL/u,
    );
  });

  test("is warned of where files say it too: the next run of the old line has put it back", () => {
    const note = unitNote("cp-1", said(guide)) ?? "";
    assert.match(
      note,
      /behind what its files say: its next start takes both\. podtrust adopt run moves them/u,
    );
  });

  test("is what keeps its next start from beginning, where an issuer comes twice by unit and files", () => {
    const both = [
      {
        path: own,
        value: { "kube-apiserver-arg+": [before, ours].map((one) => `service-account-issuer=${one}`) },
      },
    ];
    const { seen = "", next = "" } = issuerTwice(said(guide, both)) ?? {};
    assert.match(
      seen,
      /^k3s\.service gives .*: its API server would be given the issuer \S+ twice, the second time by the command line of its unit, and does not start so$/u,
    );
    assert.match(
      next,
      /^podtrust adopt run moves them into a file\. .*: curl -sfL \S+ \| sh -s - server --disable traefik$/u,
    );
  });

  test("is nothing of a unit's where two files give the issuer, which is named all the same", () => {
    const again = {
      path: `${main}.d/60.yaml`,
      value: { "kube-apiserver-arg+": [`service-account-issuer=${ours}`] },
    };
    const { seen = "", next = "" } = issuerTwice(said([], [...files, again])) ?? {};
    assert.match(
      seen,
      /^its API server would be given the issuer \S+ twice, the second time by \S+60\.yaml/u,
    );
    assert.match(next, /^Leave the issuer at one of the places that name it/u);
    assert.equal(issuerTwice(said([])), undefined);
  });

  test("stays named once it was moved, until an install writes the unit anew", () => {
    const moved = changed(startAfter("k3s", unit(guide), [], { own, change: { issuers: [ours] } }));
    const args = ["--disable", "traefik"];
    const found = said(args, files, "k3s-shop.service", moved.unitFile?.text);
    assert.deepEqual(found.given, []);
    assert.match(
      unitNote("cp-1", found) ?? "",
      /moved out of k3s-shop\.service, .* puts them back\. .*: curl -sfL https:\/\/get\.k3s\.io \| INSTALL_K3S_NAME=shop sh -s - server --disable traefik$/u,
    );
    assert.equal(said(args).installLine, undefined);
  });

  test("shows no secret in that line: a shell ends where its variable is not set", () => {
    const args = ["--token=s3cret", "--datastore-endpoint", "mysql://u:s3cret@db", "-t", "s3cret", ...guide];
    const { installLine = "" } = said([...args, "--node-label", "a b"]);
    assert.equal(
      installLine,
      `curl -sfL https://get.k3s.io | sh -s - server --token="\${TOKEN:?}" --datastore-endpoint "\${DATASTORE_ENDPOINT:?}" -t "\${T:?}" --disable traefik --node-label 'a b'`,
    );
  });

  test("has no such line on RKE2, whose installer takes no words", () => {
    const found = unitFlags("rke2", { ...unit(guide), name: "rke2-server.service" }, { files: [] });
    assert.deepEqual([found.given.length, found.installLine], [2, undefined]);
    assert.match(unitNote("cp-1", found) ?? "", /Install and upgrade it without them$/u);
  });
});
