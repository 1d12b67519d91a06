/** How much of a YAML file is read. What is over a bound is refused before it costs anything. */
export interface YamlBounds {
  /** Of the file. */
  readonly bytes: number;
  /** Mappings and lists within one another. */
  readonly depth: number;
  /** Keys, values, marks such as `-` and `:`, spaces between them, and line breaks. */
  readonly tokens: number;
}

/** The same of a file that may hold several documents. All of them together keep to the other bounds. */
export interface YamlStreamBounds extends YamlBounds {
  readonly documents: number;
}

/** A position in a file, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a file's YAML. */
export interface YamlProblem extends Position {
  /** As the end of a sentence that begins with the file. It may repeat what stands there. */
  readonly message: string;
  /** It is over a bound, and the message repeats nothing of it. */
  readonly bound?: true;
}
