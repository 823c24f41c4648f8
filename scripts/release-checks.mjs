/** What must be true before a release, as texts of what is wrong. */

/**
 * @param status what `git status --porcelain` prints
 * @param version of package.json
 * @param lockVersion of package-lock.json
 * @param changelog the text of CHANGELOG.md
 */
export function releaseProblems({ status, version, lockVersion, changelog }) {
  const problems = [];
  if (status.trim() !== "") problems.push(`The working tree has changes. Commit them first:\n${status.trimEnd()}`);
  if (lockVersion !== version)
    problems.push(`package.json says ${version}, package-lock.json says ${lockVersion}. Run npm install.`);
  const [, newest, date] = /^## (\S+) \((.*)\)$/m.exec(changelog) ?? [];
  if (newest === undefined) problems.push("CHANGELOG.md has no heading `## <version> (<date>)`. Write one.");
  else if (newest !== version)
    problems.push(`CHANGELOG.md begins with ${newest}, package.json says ${version}. Make them agree.`);
  else if (!/^\d{4}-\d{2}-\d{2}$/.test(date))
    problems.push(`CHANGELOG.md says "${date}" for ${version}. Write the date of the release, as 2026-11-25.`);
  return problems;
}
