/** How deep claims may be nested: Kubernetes nests three deep. */
const maxDepth = 16;

/** What keeps two readers from reading the same of a JSON text. */
export type MemberFault =
  | { readonly kind: "twice"; readonly name: string }
  | { readonly kind: "name" }
  | { readonly kind: "deep" };

/**
 * Names as Go's encoding/json compares them: it finds a member whatever its case, by Unicode's simple folding
 * (https://pkg.go.dev/encoding/json#Unmarshal). A few more are one here, such as ß and ss.
 */
const folded = (name: string): string => name.toUpperCase().toLowerCase();

/** The members of the objects that are open at a place of a text. */
class OpenObjects {
  /** The outermost first; a list has no names. */
  readonly #open: (Set<string> | undefined)[] = [];

  enter(bracket: "{" | "["): MemberFault | undefined {
    this.#open.push(bracket === "{" ? new Set() : undefined);
    return this.#open.length > maxDepth ? { kind: "deep" } : undefined;
  }

  leave(): void {
    this.#open.pop();
  }

  /** `token` is a name with its quotes. */
  name(token: string): MemberFault | undefined {
    const read = JSON.parse(token) as string;
    if (!read.isWellFormed()) return { kind: "name" };
    const names = this.#open.at(-1);
    if (names?.has(folded(read)) === true) return { kind: "twice", name: read };
    names?.add(folded(read));
    return undefined;
  }
}

/**
 * A member that stands twice in one object of a JSON text, also by case, at any depth: some readers take the first and
 * others the last. Likewise a name that is no well-formed text, and nesting that a reader may refuse. `text` has to be
 * JSON that `JSON.parse` takes; that itself would keep the last member, and say nothing.
 */
export function memberFault(text: string): MemberFault | undefined {
  const objects = new OpenObjects();
  let before = "";
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/gu)) {
    let fault: MemberFault | undefined;
    if (token === "{" || token === "[") fault = objects.enter(token);
    else if (token === "}" || token === "]") objects.leave();
    else if (token === ":") fault = objects.name(before);
    else before = token;
    if (fault !== undefined) return fault;
  }
  return undefined;
}
