"""Exchange: what comes in from other systems and portals."""
