"""Where records lie: folders, tables of subjects, archives, and files that hold many."""
