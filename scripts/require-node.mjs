// Stops with one line where the Node that npm scripts find is too old to run the sources.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 22)) {
  console.error(`Rivulet needs Node 22.22 or newer and found ${process.versions.node}. "npm ci" brings Node 24 as the dev dependency "node"; its install script was blocked: run "npm install-scripts approve node && npm rebuild node", or use a newer Node.`)
  process.exit(1)
}
