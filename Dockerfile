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

# With the paper's CLIP: docker build --build-arg CLIP=1 ., or the variable CLIP_LAB_CLIP of the value 1 at the start or of
# a Space. It is downloaded and its profile made, while the app serves the miniature.
ARG CLIP=0
ENV CLIP_LAB_CLIP=$CLIP

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# A Space shows the app inside a frame of another site, where the XSRF cookie of uploads does not travel and every
# upload answers 403; so that protection is off in this image, and only here. CORS checks stay on: without them a
# WebSocket from any site would be accepted.
CMD ["streamlit", "run", "app.py", "--server.port=8501", "--server.address=0.0.0.0", "--server.headless=true", \
     "--server.enableXsrfProtection=false", "--server.enableCORS=true"]
