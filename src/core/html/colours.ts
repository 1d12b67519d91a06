/** What the style sheet of each page begins with: its colours by what they are for, in both schemes, with contrast for text. */
export const colours = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f9, #14171c);
  --card: light-dark(#ffffff, #1c2027);
  --ink: light-dark(#1b1f26, #e7eaf0);
  --soft: light-dark(#586071, #a0a9b8);
  --line: light-dark(#d5dae3, #3a4250);
  --accent: light-dark(#0b5c8a, #74c0ee);
  --green: light-dark(#12653a, #7fd6a4);
  --green-ground: light-dark(#e0f3e8, #17352a);
  --red: light-dark(#a3231c, #ff9d94);
  --red-ground: light-dark(#fbe6e4, #43211f);
  --amber: light-dark(#7a4a00, #f0c070);
  --amber-ground: light-dark(#fdf0d5, #3d2e12);
}
* { box-sizing: border-box; }
`;
