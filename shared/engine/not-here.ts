/** What package.json puts in the place of packages for Node where a bundler builds for browsers. */
export default undefined;
