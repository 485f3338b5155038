# For any host and for Hugging Face Docker Spaces (user 1000, port 8501).
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 user
USER user
WORKDIR /home/user/app
# Everything that is downloaded at run time lies in the user's home.
ENV PATH="/home/user/.local/bin:$PATH" \
    HF_HOME=/home/user/.cache/huggingface \
    TORCH_HOME=/home/user/.cache/torch \
    PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1

# Without CUDA, which makes the image several gigabytes smaller. For a host with a GPU:
#   docker build --build-arg CUDA=1 .
# or a Space variable CUDA of the value 1, which a Space passes on as a build argument.
ARG CUDA=0
RUN if [ "$CUDA" != 1 ]; then pip install --user --index-url https://download.pytorch.org/whl/cpu "torch>=2.6,<3" "torchvision>=0.21,<1"; fi
COPY --chown=user requirements.txt .
RUN pip install --user -r requirements.txt
COPY --chown=user . .

# The paper's CLIP: 605 MB, checked by its digest: a server that wakes up has it. Its profile is made in the
# background when the server first starts. docker build --build-arg CLIP=0 ., or a Space variable CLIP of the value 0,
# leaves it out; without a network the build goes on.
ARG CLIP=1
ENV CLIP_LAB_CLIP=$CLIP
RUN python cloud/fetch_clip.py

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# A Space shows the app inside a frame of another site, where the XSRF cookie of uploads does not travel and every
# upload answers 403. That protection is off in this image, and only here. CORS checks stay on: without them a
# WebSocket from any site would be accepted.
CMD ["streamlit", "run", "app.py", "--server.port=8501", "--server.address=0.0.0.0", "--server.headless=true", \
     "--server.enableXsrfProtection=false", "--server.enableCORS=true"]
