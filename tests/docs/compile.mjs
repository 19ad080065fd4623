// Compiles every page of MDX below a folder, as Docusaurus does, and tells which are refused.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { compile } from "@mdx-js/mdx";
import remarkFrontmatter from "remark-frontmatter";
import remarkGfm from "remark-gfm";

const folder = process.env.PAGES;
let count = 0;
for (const name of await readdir(folder, { recursive: true })) {
  if (!name.endsWith(".mdx")) continue;
  count += 1;
  try {
    const text = await readFile(join(folder, name));
    await compile(text, { remarkPlugins: [remarkFrontmatter, remarkGfm] });
  } catch (error) {
    console.log(`${name}: ${error}`);
    process.exitCode = 1;
  }
}
console.log(`${count} pages`);
