"""Cases: whatever somebody must handle, from a citizen's report to a dossier, on one engine.

Types are declared in packs; flow and clock are pure; the verbs are in `service`.
"""
