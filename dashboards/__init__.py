"""The screens on a release: `app` is what Streamlit runs, `views` lay out, `lib` reads and reckons."""
