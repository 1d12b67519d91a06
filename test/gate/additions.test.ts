/**
 * "Add one more" of CONTRIBUTING.md: each addition is made in a copy of the tree, and the files that the compiler then
 * names are those that the page has. With their rows, those of a row are complete: compiler, lint and boundaries ask for
 * nothing else.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";

interface Edit {
  readonly file: string;
  /** Text that stands there once, before which the new text comes. */
  readonly before: string;
  readonly text: string;
}

interface Addition {
  /** Its heading in CONTRIBUTING.md. */
  readonly heading: string;
  /** What each message of the compiler about it has. */
  readonly word: string;
  readonly made: readonly Edit[];
  /** The rows that the compiler asks for; absent where they are more than an example. */
  readonly rows?: readonly Edit[];
  /** How many files the compiler may name at most. */
  readonly most?: number;
}

const additions: readonly Addition[] = [
  {
    heading: "Add a limit of a grant",
    word: "maxWidgets",
    made: [
      {
        file: "src/rules/bindings/objects/objects.ts",
        before: "  readonly maxRoles: number;",
        text: "  readonly maxWidgets?: number;\n",
      },
    ],
    rows: [
      {
        file: "src/rules/bindings/objects/grant-limits.ts",
        before: "  // Counted over the bindings",
        text: '  maxWidgets: {\n    schema: { type: "integer", minimum: 0, maximum: 9 },\n    refuses: undefined,\n    keeps: keepsAll,\n  },\n',
      },
    ],
  },
  {
    heading: "Add a cause",
    word: "MadeUpCause",
    made: [
      {
        file: "src/core/reasons/causes/discovery.ts",
        before: "  AnonymousForbidden: cause(",
        text: '  MadeUpCause: cause(found("broken", ["discovery"], "It is made up.", "Do nothing."), {\n    number: 999,\n    proof: "None.",\n  }),\n',
      },
    ],
    rows: [],
  },
  {
    heading: "Add a condition key",
    word: "aws:MadeUp",
    made: [
      {
        file: "src/rules/trust/sts/facts.ts",
        before: '  "aws:SourceIp",',
        text: '  "aws:MadeUp",\n',
      },
    ],
    rows: [],
  },
  {
    heading: "Add a relying party",
    word: "madeup",
    most: 8,
    made: [
      { file: "src/rules/oidc/relying-parties.ts", before: ' | "openbao";', text: ' | "madeup"' },
      {
        file: "src/config/config.ts",
        before: "  readonly openbao: readonly OpenBaoServer[];",
        text: "  readonly madeup: readonly OpenBaoServer[];\n",
      },
    ],
  },
  {
    heading: "Have a relying party take uploads",
    word: "'azure'",
    made: [
      {
        file: "src/rules/oidc/relying-parties.ts",
        before: "    maxIssuer: 600,",
        text: "    maxUploadedKeys: 100,\n",
      },
    ],
  },
  {
    heading: "Add a distribution",
    word: "otherk8s",
    made: [
      {
        file: "src/rules/distribution/distribution.ts",
        before: '  rke2: { title: "RKE2"',
        text: '  otherk8s: { title: "Other", standardIssuer: "https://kubernetes.default.svc" },\n',
      },
    ],
    rows: [
      {
        file: "src/rules/distribution/instructions.ts",
        before: '  rke2: rancher("/etc/rancher/rke2"',
        text: '  otherk8s: rancher("/etc/otherk8s", "otherk8s"),\n',
      },
    ],
  },
];

/** What a section of the page has under its heading. */
function sectionOf(heading: string): string {
  const page = readFileSync("CONTRIBUTING.md", "utf8");
  const [, section] = page.split(`### ${heading}\n`);
  assert.ok(section !== undefined, `CONTRIBUTING.md has no "${heading}"`);
  return section.split(/^#/mu)[0] ?? "";
}

/** The files that a section says the compiler names: the first path of each item. */
const namedOn = (heading: string): readonly string[] =>
  Array.from(sectionOf(heading).matchAll(/^- `(src\/[^`]+)`/gmu), ([, file]) => file ?? "").toSorted();

describe("an addition as CONTRIBUTING has it", () => {
  let copy: string;
  const edit = ({ file, before: mark, text }: Edit): void => {
    const path = join(copy, file);
    const parts = readFileSync(path, "utf8").split(mark);
    assert.equal(parts.length, 2, `${file} has "${mark}" ${parts.length - 1} times`);
    writeFileSync(path, parts.join(`${text}${mark}`));
  };
  const undo = ({ file, text }: Edit): void => {
    const path = join(copy, file);
    writeFileSync(path, readFileSync(path, "utf8").replace(text, ""));
  };
  const run = (program: string, ...args: readonly string[]): string => {
    const { stdout, stderr } = spawnSync(resolve("node_modules/.bin", program), args, {
      cwd: copy,
      encoding: "utf8",
    });
    return stdout + stderr;
  };
  /** What the compiler says, message by message. */
  const errors = (): readonly string[] => {
    const said = run("tsc", "--noEmit", "--pretty", "false", "-p", ".");
    return said.split("\n").filter((one) => one.includes("error TS"));
  };

  before(() => {
    copy = mkdtempSync(join(tmpdir(), "podtrust-additions-"));
    for (const name of ["src", "tools", "package.json", ".oxlintrc.json"])
      cpSync(name, join(copy, name), { recursive: true });
    for (const file of globSync("src/**/*.test.ts", { cwd: copy })) rmSync(join(copy, file));
    symlinkSync(resolve("node_modules"), join(copy, "node_modules"));
    const config = readFileSync("tsconfig.json", "utf8");
    writeFileSync(join(copy, "tsconfig.json"), config.replace(/"include": .*/u, '"include": ["src"],'));
  });
  after(() => rmSync(copy, { recursive: true, force: true }));

  test("makes the compiler name the files that the page has and no other, eight at most for a relying party", () => {
    for (const one of additions.flatMap(({ made }) => made)) edit(one);
    // What else it says follows from these, and ends with them.
    const said = errors().filter((one) => one.includes("is missing in type"));
    for (const { heading, word, most = Infinity } of additions) {
      const own = said.filter((one) => one.includes(word));
      const files = [...new Set(own.map((one) => one.slice(0, one.indexOf("("))))].toSorted();
      assert.deepEqual(files, namedOn(heading), `${heading}:\n${own.join("\n")}`);
      assert.ok(files.length <= most, `${heading}: ${files.length} files, and ${most} are enough`);
    }
  });

  test("is complete with its rows: compiler, lint and boundaries ask for nothing more", () => {
    const rows = additions.flatMap((one) => one.rows ?? []);
    for (const row of rows) edit(row);
    for (const one of additions.flatMap(({ made, rows: own }) => (own === undefined ? made : []))) undo(one);
    assert.deepEqual(errors(), []);
    const made = additions.flatMap((one) => one.made);
    const changed = [...new Set([...made, ...rows].map(({ file }) => file))];
    assert.match(
      run("oxlint", "--type-aware", "--deny-warnings", ...changed),
      /Found 0 warnings and 0 errors/u,
    );
    assert.match(run("node", "tools/boundaries.ts"), / 0 faults/u);
  });

  test("is described with files that exist", () => {
    for (const { heading } of additions) {
      const paths = Array.from(
        sectionOf(heading).matchAll(/`((?:src|test|docs|tools)\/[^`]*)`/gu),
        ([, one]) => one ?? "",
      );
      assert.ok(paths.length > 0, heading);
      for (const one of paths) assert.ok(globSync(one).length > 0, `${heading}: there is no ${one}`);
    }
  });
});
