using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Export;
using Proxyless.Files;
using Proxyless.Inference;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Runs;

/// <summary>Writes the model and compares it with the network it was written from.</summary>
internal static class ExportStage
{
    private const int ComparedImages = 256;
    private const double Tolerance = 1e-3;

    /// <summary>Writes <paramref name="file"/> and the labels beside it.</summary>
    /// <exception cref="InvalidOperationException">
    /// The model computes something other than the network; the file is not written.
    /// </exception>
    public static ExportResult Run(RunContext context, RunDirectory directory, Architecture architecture, string file)
    {
        using var network = new CompactNetwork(architecture, context.NetworkOptions);
        SafeTensorsFile checkpoint = SafeTensorsFile.Read(directory.BestCheckpoint);
        checkpoint.CopyTo(network.Tensors, directory.BestCheckpoint);
        byte[] onnx = ModelOf(context, network, ProvenanceOf(architecture, checkpoint, context));
        (double difference, int images) = Compare(onnx, network, context);
        AtomicFile.WriteAllBytes(file, onnx);
        if (file == directory.Model)
        {
            IEnumerable<string> labels = context.Images.Classes.Select(name => name + "\n");
            AtomicFile.WriteAllText(directory.Labels, string.Concat(labels));
        }

        return new ExportResult
        {
            Model = file,
            Bytes = onnx.Length,
            Opset = NetworkExporter.Opset,
            LargestDifference = difference,
            ComparedImages = images,
        };
    }

    /// <summary>Returns a network of a run as the bytes of an ONNX file.</summary>
    /// <param name="context">The run, with its images and what is done to them.</param>
    /// <param name="network">The network.</param>
    /// <param name="provenance">Where it comes from, for the metadata.</param>
    public static byte[] ModelOf(
        RunContext context,
        CompactNetwork network,
        IReadOnlyDictionary<string, string> provenance
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(network);
        Transforms transforms = context.Loaders.EvaluationTransforms;
        return NetworkExporter.Export(
            network.Architecture,
            new TrainedWeights(network),
            new ExportOptions
            {
                Mean = transforms.Mean,
                Deviation = transforms.Std,
                Classes = context.Images.Classes,
                Preprocessing = transforms.Recipe!,
                Provenance = provenance,
            }
        );
    }

    private static Dictionary<string, string> ProvenanceOf(
        Architecture architecture,
        SafeTensorsFile checkpoint,
        RunContext context
    )
    {
        // A network that is trained from scratch may be from the file of one that was not.
        var provenance = new Dictionary<string, string>(
            context.Options.Training.Weights is null
                ? PretrainedNetworks.WithoutWeights(architecture.Metadata)
                : architecture.Metadata
        );

        // The metadata of an architecture is free text, also under these keys.
        foreach ((string key, string value) in ModelImages.Of(context).ToMetadata())
        {
            provenance[key] = value;
        }

        provenance[LibraryVersion.Key] = LibraryVersion.Text;

        // The accuracy of these weights, or none.
        provenance.Remove(NetworkTrainer.ValidationTop1Key);
        if (checkpoint.Metadata.TryGetValue(NetworkTrainer.ValidationTop1Key, out string? top1))
        {
            provenance[NetworkTrainer.ValidationTop1Key] = top1;
        }

        return provenance;
    }

    private static (double Difference, int Images) Compare(byte[] onnx, CompactNetwork network, RunContext context)
    {
        using OnnxClassifier model = OnnxClassifier.Load(onnx, "model.onnx", context.Threads);
        using BatchLoader normalized = context.Loaders.Deployed(context.Images.Validation);
        using BatchLoader plain = context.Loaders.Model(context.Images.Validation);
        double largest = 0;
        double scale = 1;
        int images = 0;
        using var withoutGraph = no_grad();
        foreach (
            (Batch forNetwork, Batch forModel) in normalized
                .Epoch(0, 0, context.CancellationToken)
                .Zip(plain.Epoch(0, 0, context.CancellationToken))
        )
        {
            using (forNetwork)
            using (forModel)
            {
                if (!forNetwork.Positions.AsSpan().SequenceEqual(forModel.Positions))
                {
                    // An image could be read only once.
                    continue;
                }

                using Tensor input = forNetwork.Images.to(context.Device);
                using Tensor logits = network.Forward(input, NormPass.Evaluation);
                using Tensor local = logits.cpu();
                float[] expected = local.data<float>().ToArray();
                float[] actual = model.Run(ModelInput.Of(forModel), forModel.Count);
                for (int i = 0; i < expected.Length; i++)
                {
                    largest = Math.Max(largest, Math.Abs(expected[i] - actual[i]));
                    scale = Math.Max(scale, Math.Abs(expected[i]));
                }

                images += forModel.Count;
            }

            if (images >= ComparedImages)
            {
                break;
            }
        }

        if (images == 0)
        {
            throw new InvalidInputException(
                $"'{context.Options.Data.Path}': none of the validation images can be read, so that the model cannot "
                    + $"be compared with the network; restore them"
            );
        }

        // Written so that NaN also counts as a difference.
        if (!(largest <= Tolerance * scale))
        {
            throw new InvalidOperationException(
                Invariant(
                    $"the exported model's scores differ from the network's by up to {largest:G3} (scores up to "
                        + $"{scale:G3}) on {images} images"
                )
            );
        }

        context.Observer.Message(Invariant($"export: model and network agree to {largest:G2} on {images} images"));
        return (largest, images);
    }
}
