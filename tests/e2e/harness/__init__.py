# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: real targets, a real agent, and a judge that prints both sides.

Standard library only, so that the tests need nothing but Python. One module per subject:
exposition (what a scrape says), agent, goprogram (building targets), target (running them),
report (checks, skipping), waiting.
"""
