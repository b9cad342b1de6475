using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// A few images of a batch on their way through a <see cref="FusedBlock"/>; all tensors are [images, height, width,
/// channels]. A tensor that is set is owned; the one that it replaces is disposed of.
/// </summary>
/// <param name="input">The block's input; owned.</param>
/// <param name="shape">The shape of the depthwise convolution.</param>
/// <param name="firstImage">The first image's number in the batch.</param>
internal sealed class FusedBlockChunk(Tensor input, DepthwiseShape shape, int firstImage) : IDisposable
{
    /// <summary>The block's input.</summary>
    public Tensor Input { get; } = input;

    /// <summary>The shape of the depthwise convolution.</summary>
    public DepthwiseShape Shape { get; } = shape;

    /// <summary>The first image's number in the batch.</summary>
    public int FirstImage { get; } = firstImage;

    /// <summary>The output of the expansion.</summary>
    public Tensor? Expanded
    {
        get;
        set => field = Replace(field, value);
    }

    /// <summary>The output of the depthwise convolution.</summary>
    public Tensor? Filtered
    {
        get;
        set => field = Replace(field, value);
    }

    /// <summary>The output of the projection.</summary>
    public Tensor? Projected
    {
        get;
        set => field = Replace(field, value);
    }

    /// <summary>The gradient of the projection's input.</summary>
    public Tensor? OfActivated
    {
        get;
        set => field = Replace(field, value);
    }

    /// <summary>The gradient of the depthwise convolution's input.</summary>
    public Tensor? OfInner
    {
        get;
        set => field = Replace(field, value);
    }

    /// <summary>Sets <see cref="Filtered"/> to new memory.</summary>
    public Tensor NewFiltered() =>
        Filtered = empty(Shape.Images, Shape.OutputHeight, Shape.OutputWidth, Shape.Channels);

    /// <summary>Sets <see cref="OfInner"/> to new memory.</summary>
    public Tensor NewOfInner() => OfInner = empty(Shape.Images, Shape.Height, Shape.Width, Shape.Channels);

    /// <summary>Adds the chunk's images of a tensor of the whole batch, if there is one.</summary>
    public void AddTo(Tensor destination, Tensor? batch)
    {
        if (batch is not null)
        {
            using Tensor own = Of(batch);
            InPlace.Add(destination, own);
        }
    }

    /// <summary>The chunk's images in a tensor of the whole batch.</summary>
    public Tensor Of(Tensor batch) => batch.narrow(0, FirstImage, Shape.Images);

    /// <inheritdoc/>
    public void Dispose()
    {
        Input.Dispose();
        Expanded = null;
        Filtered = null;
        Projected = null;
        OfActivated = null;
        OfInner = null;
    }

    private static Tensor? Replace(Tensor? old, Tensor? value)
    {
        old?.Dispose();
        return value;
    }
}
