export default {
  // The worker loads its engine when it needs it.
  worker: { format: 'es' },
  build: { target: 'es2022' },
  // Vite would look into packages for what they import, and copy their worker away from it.
  optimizeDeps: { exclude: ['tandem'] },
};
