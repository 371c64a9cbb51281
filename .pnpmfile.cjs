/**
 * The gateway serves `@scalar/api-reference` as the one browser file that comes with it, which carries everything it
 * needs. Installing what that file was built from would add 200 packages to every image.
 */
function readPackage(pkg) {
  return pkg.name === '@scalar/api-reference' ? { ...pkg, dependencies: {} } : pkg
}

module.exports = { hooks: { readPackage } }
